//! IP network functions.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use dashu_int::IBig;

use super::super::types::Type;
use super::super::value::Value;
use super::{CallError, CallResult, Function};

pub(super) fn functions() -> Vec<Function> {
    vec![
        Function::new("cidrhost", |_, arguments| host(arguments))
            .takes("prefix", Type::String)
            .takes("hostnum", Type::Number)
            .returns(Type::String),
        Function::new("cidrnetmask", |_, arguments| {
            let network = Network::parse(text(arguments, 0)?).map_err(CallError::Call)?;
            Ok(Value::string(network.address(network.mask()).to_string()))
        })
        .takes("prefix", Type::String)
        .returns(Type::String),
        Function::new("cidrsubnet", |_, arguments| subnet(arguments))
            .takes("prefix", Type::String)
            .takes("newbits", Type::Number)
            .takes("netnum", Type::Number)
            .returns(Type::String),
        Function::new("cidrsubnets", |_, arguments| subnets(arguments))
            .takes("prefix", Type::String)
            .takes_more("newbits", Type::Number)
            .returns(Type::list(Type::String)),
        Function::new("cidrcontains", |_, arguments| contains(arguments))
            .takes("containing_prefix", Type::String)
            .takes("contained_ip_or_prefix", Type::String)
            .returns(Type::Bool),
    ]
}

/// An address range: its first address as a number, and how many bits are of the network.
#[derive(Clone, Copy)]
struct Network {
    base: u128,
    prefix: u32,
    /// 32 or 128
    bits: u32,
}

/// An address; octets may have leading zeros, which count for nothing.
fn address(text: &str) -> Option<IpAddr> {
    if text.contains(':') {
        return text.parse::<Ipv6Addr>().ok().map(IpAddr::V6);
    }
    let octets: Vec<u8> = text
        .split('.')
        .map(|octet| {
            let digits = !octet.is_empty() && octet.bytes().all(|byte| byte.is_ascii_digit());
            if digits { octet.parse().ok() } else { None }
        })
        .collect::<Option<_>>()?;
    let octets: [u8; 4] = octets.try_into().ok()?;
    Some(IpAddr::V4(octets.into()))
}

fn number(address: IpAddr) -> (u128, u32) {
    match address {
        IpAddr::V4(address) => (u128::from(u32::from(address)), 32),
        IpAddr::V6(address) => (u128::from(address), 128),
    }
}

impl Network {
    fn parse(text: &str) -> Result<Network, String> {
        let invalid = || format!("invalid CIDR expression: invalid CIDR address: {text}");
        let (ip, length) = text.split_once('/').ok_or_else(invalid)?;
        let (base, bits) = number(address(ip).ok_or_else(invalid)?);
        if length.is_empty() || !length.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(invalid());
        }
        let prefix: u32 = length.parse().map_err(|_| invalid())?;
        if prefix > bits {
            return Err(invalid());
        }
        let mut network = Network { base, prefix, bits };
        network.base &= network.mask();
        Ok(network)
    }

    fn host_bits(self) -> u32 {
        self.bits - self.prefix
    }

    fn mask(self) -> u128 {
        low_ones(self.bits) ^ low_ones(self.bits - self.prefix)
    }

    fn address(self, number: u128) -> IpAddr {
        if self.bits == 32 {
            IpAddr::V4(Ipv4Addr::from(number as u32))
        } else {
            IpAddr::V6(Ipv6Addr::from(number))
        }
    }

    fn text(self) -> String {
        format!("{}/{}", self.address(self.base), self.prefix)
    }
}

fn low_ones(count: u32) -> u128 {
    if count >= 128 { u128::MAX } else { (1u128 << count) - 1 }
}

fn whole(arguments: &[Value], index: usize, what: &str) -> Result<IBig, CallError> {
    arguments
        .get(index)
        .and_then(Value::as_number)
        .and_then(|number| number.to_integer())
        .ok_or_else(|| CallError::call(format!("{what} must be a whole number")))
}

/// The number of an item among so many bits' worth of them, negative ones from the end.
fn offset(number: &IBig, bits: u32, what: &str) -> Result<u128, String> {
    let size = IBig::ONE << bits as usize;
    let position = if *number < IBig::ZERO { &size + number } else { number.clone() };
    if position < IBig::ZERO || position >= size {
        return Err(format!("prefix of {bits} bits does not accommodate {what} numbered {number}"));
    }
    u128::try_from(position).map_err(|_| "number out of range".to_owned())
}

fn host(arguments: &[Value]) -> CallResult {
    let network = Network::parse(text(arguments, 0)?).map_err(CallError::Call)?;
    let number = whole(arguments, 1, "hostnum")?;
    let position = offset(&number, network.host_bits(), "a host").map_err(CallError::Call)?;
    Ok(Value::string(network.address(network.base | position).to_string()))
}

fn subnet(arguments: &[Value]) -> CallResult {
    let network = Network::parse(text(arguments, 0)?).map_err(CallError::Call)?;
    let bits = u32::try_from(whole(arguments, 1, "newbits")?)
        .map_err(|_| CallError::call("newbits must not be negative"))?;
    let number = whole(arguments, 2, "netnum")?;
    if bits > network.host_bits() {
        return Err(CallError::call(format!(
            "insufficient address space to extend prefix of {} by {bits}",
            network.prefix
        )));
    }
    let position = offset(&number, bits, "a subnet").map_err(CallError::Call)?;
    let prefix = network.prefix + bits;
    let shifted = position.checked_shl(network.bits - prefix).unwrap_or(0);
    Ok(Value::string(Network { base: network.base | shifted, prefix, ..network }.text()))
}

/// Consecutive ranges, each at the first place behind the one before where it may begin.
fn subnets(arguments: &[Value]) -> CallResult {
    let network = Network::parse(text(arguments, 0)?).map_err(|error| CallError::argument(0, error))?;
    let mut next: Option<u128> = Some(network.base);
    let last = network.base | low_ones(network.host_bits());
    let mut found = Vec::new();
    for (index, argument) in arguments.iter().enumerate().skip(1) {
        let bits = argument.as_i64().ok_or_else(|| CallError::argument(index, "must be a whole number"))?;
        if bits < 1 {
            return Err(CallError::argument(index, "must extend prefix by at least one bit"));
        }
        let bits = u32::try_from(bits).unwrap_or(u32::MAX);
        if bits > network.host_bits() {
            let message =
                format!("would extend prefix to more than {} bits, which is too long", network.bits);
            return Err(CallError::argument(index, message));
        }
        let prefix = network.prefix + bits;
        let step = low_ones(network.bits - prefix);
        let base = next
            .and_then(|next| next.checked_add(step))
            .map(|next| next & !step)
            .filter(|base| *base <= last)
            .ok_or_else(|| {
                CallError::argument(
                    index,
                    format!("not enough remaining address space for a subnet with a prefix of {prefix} bits"),
                )
            })?;
        found.push(Value::string(Network { base, prefix, ..network }.text()));
        next = base.checked_add(step).and_then(|end| end.checked_add(1));
    }
    Ok(Value::list(Type::String, found))
}

fn contains(arguments: &[Value]) -> CallResult {
    let network = Network::parse(text(arguments, 0)?).map_err(|error| CallError::argument(0, error))?;
    let inner = text(arguments, 1)?;
    let (first, last, bits) = match address(inner) {
        Some(ip) => {
            let (number, bits) = number(ip);
            (number, number, bits)
        }
        None => {
            let inner = Network::parse(inner).map_err(|error| CallError::argument(1, error))?;
            (inner.base, inner.base | low_ones(inner.host_bits()), inner.bits)
        }
    };
    if bits != network.bits {
        return Err(CallError::call("the two must be of one address family"));
    }
    Ok(Value::bool(first & network.mask() == network.base && last & network.mask() == network.base))
}

/// A string argument.
fn text(arguments: &[Value], index: usize) -> Result<&str, CallError> {
    arguments
        .get(index)
        .and_then(Value::as_str)
        .ok_or_else(|| CallError::argument(index, "a string is required"))
}
