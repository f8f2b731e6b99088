//! Address ranges as security groups take them: the network's own address and a prefix length.

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    V4,
    V6,
}

/// Checks one range offline. The error is a sentence that names it and, where it is clear, the one that was meant.
pub(super) fn check(text: &str, family: Family) -> Result<(), String> {
    let kind = match family {
        Family::V4 => "IPv4",
        Family::V6 => "IPv6",
    };
    let net: IpNet = match text.parse() {
        Ok(net) => net,
        Err(_) => {
            return Err(match text.parse::<std::net::IpAddr>() {
                Ok(address) => format!(
                    "{text:?} is not a valid CIDR block: it has no prefix length. Did you mean \"{}\"?",
                    IpNet::from(address)
                ),
                Err(_) => format!(
                    "{text:?} is not a valid CIDR block: it must be an {kind} address, \"/\" and the number of bits of \
                     the network, such as \"{}\".",
                    match family {
                        Family::V4 => "203.0.113.7/32",
                        Family::V6 => "2001:db8::/32",
                    }
                ),
            });
        }
    };
    let is_right = matches!((net, family), (IpNet::V4(_), Family::V4) | (IpNet::V6(_), Family::V6));
    if !is_right {
        let argument = if family == Family::V4 { "ipv6_cidr_blocks" } else { "cidr_blocks" };
        return Err(format!("{text:?} is not a valid {kind} CIDR block: it belongs in {argument}."));
    }
    if net.trunc() != net {
        return Err(format!("{text:?} is not a valid {kind} CIDR block; did you mean \"{}\"?", net.trunc()));
    }
    Ok(())
}

/// One text for all spellings of an IPv4 range; what is none stays as it is.
pub(super) fn canonical_v4(text: &str) -> String {
    text.parse::<Ipv4Net>().map_or_else(|_| text.to_owned(), |net| net.to_string())
}

/// One text for all spellings of an IPv6 range.
pub(super) fn canonical_v6(text: &str) -> String {
    text.parse::<Ipv6Net>().map_or_else(|_| text.to_owned(), |net| net.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_networks() {
        for good in ["0.0.0.0/0", "10.0.0.0/8", "203.0.113.7/32"] {
            assert_eq!(check(good, Family::V4), Ok(()), "{good}");
        }
        for good in ["::/0", "2001:db8::/32", "2001:DB8:0:0::/64"] {
            assert_eq!(check(good, Family::V6), Ok(()), "{good}");
        }
    }

    #[test]
    fn mistakes_are_named_with_what_was_meant() {
        let error = |text: &str, family| check(text, family).unwrap_err();
        assert!(
            error("999.999.999.999/32", Family::V4)
                .starts_with("\"999.999.999.999/32\" is not a valid CIDR block")
        );
        assert!(error("10.0.0.1/8", Family::V4).ends_with("did you mean \"10.0.0.0/8\"?"));
        assert!(error("10.0.0.1", Family::V4).ends_with("Did you mean \"10.0.0.1/32\"?"));
        assert!(error("2001:db8::/32", Family::V4).contains("ipv6_cidr_blocks"));
        assert!(error("10.0.0.0/8", Family::V6).contains("belongs in cidr_blocks"));
        assert!(error("10.0.0.0/33", Family::V4).contains("not a valid CIDR block"));
    }
}
