//! AWS partitions and regions, known offline.
//!
//! Source: AWS General Reference, “AWS service endpoints”, and the IAM manual, “Amazon Resource Names”.

/// A partition: a group of regions with its own accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Partition {
    /// As in an ARN: `aws`, `aws-cn`.
    pub id: &'static str,
    /// What endpoints' host names end with: `amazonaws.com`.
    pub dns_suffix: &'static str,
    /// What region names start with.
    prefixes: &'static [&'static str],
}

const PARTITIONS: [Partition; 8] = [
    Partition { id: "aws-cn", dns_suffix: "amazonaws.com.cn", prefixes: &["cn-"] },
    Partition { id: "aws-us-gov", dns_suffix: "amazonaws.com", prefixes: &["us-gov-"] },
    Partition { id: "aws-iso", dns_suffix: "c2s.ic.gov", prefixes: &["us-iso-"] },
    Partition { id: "aws-iso-b", dns_suffix: "sc2s.sgov.gov", prefixes: &["us-isob-"] },
    Partition { id: "aws-iso-e", dns_suffix: "cloud.adc-e.uk", prefixes: &["eu-isoe-"] },
    Partition { id: "aws-iso-f", dns_suffix: "csp.hci.ic.gov", prefixes: &["us-isof-"] },
    Partition { id: "aws-eusc", dns_suffix: "amazonaws.eu", prefixes: &["eusc-"] },
    Partition {
        id: "aws",
        dns_suffix: "amazonaws.com",
        prefixes: &["af-", "ap-", "ca-", "eu-", "il-", "me-", "mx-", "sa-", "us-"],
    },
];

/// The partition that a region belongs to; the commercial one for a name of no known kind.
pub fn of_region(region: &str) -> Partition {
    let found = PARTITIONS
        .iter()
        .find(|partition| partition.prefixes.iter().any(|prefix| region.starts_with(prefix)));
    *found.unwrap_or(&PARTITIONS[PARTITIONS.len() - 1])
}

/// Whether a name has the form of a region's in a known partition: `eu-west-3`, `us-gov-east-1`.
pub fn is_region_name(name: &str) -> bool {
    let known_prefix =
        PARTITIONS.iter().flat_map(|partition| partition.prefixes).any(|p| name.starts_with(p));
    let parts: Vec<&str> = name.split('-').collect();
    let Some((number, words)) = parts.split_last() else {
        return false;
    };
    known_prefix
        && words.len() >= 2
        && words.iter().all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase()))
        && !number.is_empty()
        && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// A region's human name: `Europe (Paris)`. `None` for a region newer than this list.
pub fn region_description(region: &str) -> Option<&'static str> {
    REGIONS.iter().find(|(name, _)| *name == region).map(|(_, description)| *description)
}

const REGIONS: [(&str, &str); 43] = [
    ("af-south-1", "Africa (Cape Town)"),
    ("ap-east-1", "Asia Pacific (Hong Kong)"),
    ("ap-east-2", "Asia Pacific (Taipei)"),
    ("ap-northeast-1", "Asia Pacific (Tokyo)"),
    ("ap-northeast-2", "Asia Pacific (Seoul)"),
    ("ap-northeast-3", "Asia Pacific (Osaka)"),
    ("ap-south-1", "Asia Pacific (Mumbai)"),
    ("ap-south-2", "Asia Pacific (Hyderabad)"),
    ("ap-southeast-1", "Asia Pacific (Singapore)"),
    ("ap-southeast-2", "Asia Pacific (Sydney)"),
    ("ap-southeast-3", "Asia Pacific (Jakarta)"),
    ("ap-southeast-4", "Asia Pacific (Melbourne)"),
    ("ap-southeast-5", "Asia Pacific (Malaysia)"),
    ("ap-southeast-7", "Asia Pacific (Thailand)"),
    ("ca-central-1", "Canada (Central)"),
    ("ca-west-1", "Canada West (Calgary)"),
    ("cn-north-1", "China (Beijing)"),
    ("cn-northwest-1", "China (Ningxia)"),
    ("eu-central-1", "Europe (Frankfurt)"),
    ("eu-central-2", "Europe (Zurich)"),
    ("eu-isoe-west-1", "EU ISOE West"),
    ("eu-north-1", "Europe (Stockholm)"),
    ("eu-south-1", "Europe (Milan)"),
    ("eu-south-2", "Europe (Spain)"),
    ("eu-west-1", "Europe (Ireland)"),
    ("eu-west-2", "Europe (London)"),
    ("eu-west-3", "Europe (Paris)"),
    ("il-central-1", "Israel (Tel Aviv)"),
    ("me-central-1", "Middle East (UAE)"),
    ("me-south-1", "Middle East (Bahrain)"),
    ("mx-central-1", "Mexico (Central)"),
    ("sa-east-1", "South America (Sao Paulo)"),
    ("us-east-1", "US East (N. Virginia)"),
    ("us-east-2", "US East (Ohio)"),
    ("us-gov-east-1", "AWS GovCloud (US-East)"),
    ("us-gov-west-1", "AWS GovCloud (US-West)"),
    ("us-iso-east-1", "US ISO East"),
    ("us-iso-west-1", "US ISO WEST"),
    ("us-isob-east-1", "US ISOB East (Ohio)"),
    ("us-isof-east-1", "US ISOF EAST"),
    ("us-isof-south-1", "US ISOF SOUTH"),
    ("us-west-1", "US West (N. California)"),
    ("us-west-2", "US West (Oregon)"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_know_their_partition() {
        assert_eq!(of_region("eu-west-3").id, "aws");
        assert_eq!(of_region("us-gov-east-1").id, "aws-us-gov");
        assert_eq!(of_region("us-isob-east-1").id, "aws-iso-b");
        assert_eq!(of_region("us-iso-east-1").id, "aws-iso");
        assert_eq!(of_region("cn-north-1").dns_suffix, "amazonaws.com.cn");
        assert_eq!(of_region("eusc-de-east-1").id, "aws-eusc");
        for (name, _) in REGIONS {
            assert!(is_region_name(name), "{name}");
        }
    }

    #[test]
    fn what_is_no_region_is_seen() {
        for name in
            ["", "eu-west", "eu-west-", "EU-WEST-3", "eu west 3", "paris-1", "eu-west-3a", "3", "xx-west-1"]
        {
            assert!(!is_region_name(name), "{name}");
        }
    }
}
