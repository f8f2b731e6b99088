//! What the names of S3's websites are in each region.
//!
//! Source: AWS General Reference, “Amazon S3 endpoints and quotas” (website endpoints), as AWS provider 5.100.0 puts it into
//! its states.

use crate::provider::aws::partition;

/// Regions whose websites are at `s3-website-REGION`; all others have theirs at `s3-website.REGION`.
const WITH_DASH: [&str; 9] = [
    "ap-northeast-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "eu-west-1",
    "sa-east-1",
    "us-east-1",
    "us-gov-west-1",
    "us-west-1",
    "us-west-2",
];

/// Regions and the Route 53 zones that their websites are in, by name.
const HOSTED_ZONES: [(&str, &str); 37] = [
    ("af-south-1", "Z83WF9RJE8B12"),
    ("ap-east-1", "ZNB98KWMFR0R6"),
    ("ap-east-2", "Z064739330DAH7WJVOO93"),
    ("ap-northeast-1", "Z2M4EHUR26P7ZW"),
    ("ap-northeast-2", "Z3W03O7B5YMIYP"),
    ("ap-northeast-3", "Z2YQB5RD63NC85"),
    ("ap-south-1", "Z11RGJOFQNVJUP"),
    ("ap-south-2", "Z02976202B4EZMXIPMXF7"),
    ("ap-southeast-1", "Z3O0J2DXBE1FTB"),
    ("ap-southeast-2", "Z1WCIGYICN2BYD"),
    ("ap-southeast-3", "Z01846753K324LI26A3VV"),
    ("ap-southeast-4", "Z0312387243XT5FE14WFO"),
    ("ap-southeast-5", "Z08660063OXLMA7F1FJHU"),
    ("ap-southeast-7", "Z0031014GXUMRZG6I14G"),
    ("ca-central-1", "Z1QDHH18159H29"),
    ("ca-west-1", "Z03565811Z33SLEZTHOUL"),
    ("cn-north-1", "Z5CN8UMXT92WN"),
    ("cn-northwest-1", "Z282HJ1KT0DH03"),
    ("eu-central-1", "Z21DNDUVLTQW6Q"),
    ("eu-central-2", "Z030506016YDQGETNASS"),
    ("eu-north-1", "Z3BAZG2TWCNX0D"),
    ("eu-south-1", "Z30OZKI7KPW7MI"),
    ("eu-south-2", "Z0081959F7139GRJC19J"),
    ("eu-west-1", "Z1BKCTXD74EZPE"),
    ("eu-west-2", "Z3GKZC51ZF0DB4"),
    ("eu-west-3", "Z3R1K369G5AVDG"),
    ("il-central-1", "Z09640613K4A3MN55U7GU"),
    ("me-central-1", "Z06143092I8HRXZRUZROF"),
    ("me-south-1", "Z1MPMWCPA7YB62"),
    ("mx-central-1", "Z057606446ZNVQJJ8WOP"),
    ("sa-east-1", "Z7KQH4QJS55SO"),
    ("us-east-1", "Z3AQBSTGFYJSTF"),
    ("us-east-2", "Z2O1EMRO9K5GLX"),
    ("us-gov-east-1", "Z2NIFVYYW2VKV1"),
    ("us-gov-west-1", "Z31GFT0UA1I2HV"),
    ("us-west-1", "Z2F56UZL2M1ACD"),
    ("us-west-2", "Z3BJ6K6RIION7M"),
];

/// The domain that the websites of a region are in.
pub(super) fn website_domain(region: &str) -> String {
    let between = if WITH_DASH.contains(&region) { '-' } else { '.' };
    format!("s3-website{between}{region}.{}", partition::of_region(region).dns_suffix)
}

/// The Route 53 zone that the websites of a region are in, for alias records.
pub(super) fn hosted_zone(region: &str) -> Option<&'static str> {
    let at = HOSTED_ZONES.binary_search_by_key(&region, |(name, _)| name).ok()?;
    HOSTED_ZONES.get(at).map(|(_, zone)| *zone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_zones_are_in_order_and_each_is_found() {
        assert!(HOSTED_ZONES.is_sorted());
        for (region, zone) in HOSTED_ZONES {
            assert!(partition::is_region_name(region), "{region}");
            assert_eq!(hosted_zone(region), Some(zone));
        }
        assert_eq!(hosted_zone("us-iso-east-1"), None);
    }

    /// The examples of the Amazon S3 User Guide, “Website endpoints”.
    #[test]
    fn websites_are_at_the_regions_endpoint() {
        assert_eq!(website_domain("us-west-2"), "s3-website-us-west-2.amazonaws.com");
        assert_eq!(website_domain("eu-central-1"), "s3-website.eu-central-1.amazonaws.com");
        assert_eq!(website_domain("cn-north-1"), "s3-website.cn-north-1.amazonaws.com.cn");
    }
}
