//! What an example stack needs of an account before it can be applied: a network and an SSH key.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use aws_credential_types::Credentials;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use aws_sdk_ec2::config::{BehaviorVersion, Region};
use aws_sdk_ec2::error::DisplayErrorContext;
use aws_sdk_ec2::types::Filter;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use rsa::RsaPublicKey;
use rsa::pkcs1::DecodeRsaPublicKey;
use rsa::traits::PublicKeyParts;

use super::SandboxError;
use super::environment::{ACCESS_KEY, SECRET_KEY};
use super::server::Endpoint;

/// The variables that the sandbox's variable file sets.
pub const VARIABLES: [&str; 4] = ["vpc_id", "public_subnet_ids", "ssh_ip_allowlist", "ssh_public_key"];

/// A load balancer needs subnets in two availability zones.
const SUBNETS: usize = 2;

/// A VPC and subnets of different availability zones in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    pub vpc_id: String,
    pub subnet_ids: Vec<String>,
}

/// The region's default VPC and two of its subnets, as `DescribeVpcs` and `DescribeSubnets` give them;
/// subnets in the order of their availability zones.
///
/// # Errors
/// [`SandboxError::Network`] when the server does not answer, or has no such network.
pub async fn default_network(endpoint: &Endpoint, region: &str) -> Result<Network, SandboxError> {
    let failed = |detail: String| SandboxError::Network { endpoint: endpoint.url(), detail };
    let configuration = aws_sdk_ec2::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(endpoint.url())
        .region(Region::new(region.to_owned()))
        .credentials_provider(Credentials::new(ACCESS_KEY, SECRET_KEY, None, None, "sandbox"))
        .build();
    let client = aws_sdk_ec2::Client::from_conf(configuration);
    let is_default = Filter::builder().name("is-default").values("true").build();
    let vpcs = client
        .describe_vpcs()
        .filters(is_default)
        .send()
        .await
        .map_err(|error| failed(DisplayErrorContext(error).to_string()))?;
    let vpc_id = vpcs
        .vpcs()
        .first()
        .and_then(|vpc| vpc.vpc_id())
        .ok_or_else(|| failed(format!("{region} has no default VPC")))?
        .to_owned();
    let within = Filter::builder().name("vpc-id").values(&vpc_id).build();
    let answer = client
        .describe_subnets()
        .filters(within)
        .send()
        .await
        .map_err(|error| failed(DisplayErrorContext(error).to_string()))?;
    let mut subnets: Vec<(&str, &str)> = answer
        .subnets()
        .iter()
        .filter_map(|subnet| Some((subnet.availability_zone()?, subnet.subnet_id()?)))
        .collect();
    subnets.sort_unstable();
    subnets.dedup_by_key(|(zone, _)| *zone);
    subnets.truncate(SUBNETS);
    if subnets.len() < SUBNETS {
        return Err(failed(format!("{vpc_id} in {region} has no subnets in {SUBNETS} availability zones")));
    }
    Ok(Network { vpc_id, subnet_ids: subnets.into_iter().map(|(_, id)| id.to_owned()).collect() })
}

/// The public key in the file, in OpenSSH's one-line format. The first call makes a 2048-bit RSA key
/// and writes its public half; nobody can log in with it, since the private half is not kept.
///
/// # Errors
/// [`SandboxError::Key`], or the file cannot be written.
pub fn public_key(path: &Path) -> Result<String, SandboxError> {
    let present = || -> Option<String> {
        let content = fs::read_to_string(path).ok()?;
        content.starts_with("ssh-rsa ").then(|| content.trim_end().to_owned())
    };
    if let Some(line) = present() {
        return Ok(line);
    }
    let key = KeyPair::generate(KeySize::Rsa2048).map_err(|_| SandboxError::Key)?;
    let key = RsaPublicKey::from_pkcs1_der(key.public_key().as_ref()).map_err(|_| SandboxError::Key)?;
    let line = openssh(&key);
    let cannot = "cannot write";
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(SandboxError::file("cannot make the folder", folder))?;
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(SandboxError::file(cannot, path))?;
    writeln!(file, "{line}").map_err(SandboxError::file(cannot, path))?;
    // Of several processes that come here at once the first one's key is everybody's.
    match file.persist_noclobber(path) {
        Ok(_) => Ok(line),
        Err(error) => present().ok_or_else(|| SandboxError::file(cannot, path)(error.error)),
    }
}

/// The key as a line of `authorized_keys` (RFC 4253, sections 5 and 6.6: the algorithm's name, then
/// the exponent and the modulus as `mpint`s).
fn openssh(key: &RsaPublicKey) -> String {
    let mut blob = Vec::new();
    let mut push = |bytes: &[u8]| {
        blob.extend_from_slice(&(bytes.len() as u32).to_be_bytes());
        blob.extend_from_slice(bytes);
    };
    push(b"ssh-rsa");
    for number in [key.e(), key.n()] {
        let mut bytes = number.to_bytes_be();
        // An mpint is signed: a leading one bit would make it negative.
        if bytes.first().is_some_and(|byte| byte & 0x80 != 0) {
            bytes.insert(0, 0);
        }
        push(&bytes);
    }
    format!("ssh-rsa {} recon-sandbox", BASE64.encode(blob))
}

/// The variable file's text: [`VARIABLES`] in the language of `terraform.tfvars`.
pub fn var_file(network: &Network, public_key: &str) -> String {
    let subnets: Vec<String> = network.subnet_ids.iter().map(|id| format!("\"{id}\"")).collect();
    format!(
        "# Written by `recon sandbox`: what the local AWS has in place of an example's placeholders.\n\
         vpc_id            = \"{}\"\n\
         public_subnet_ids = [{}]\n\
         ssh_ip_allowlist  = [\"127.0.0.1/32\"]\n\
         ssh_public_key    = \"{public_key}\"\n",
        network.vpc_id,
        subnets.join(", "),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use rsa::BigUint;

    #[test]
    fn a_public_key_is_made_once_and_is_what_it_says() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deeper").join("key");
        let line = public_key(&path).unwrap();
        assert_eq!(public_key(&path).unwrap(), line);
        let blob = BASE64.decode(line.split(' ').nth(1).unwrap()).unwrap();
        // Name (4 + 7), exponent 65537 (4 + 3), a modulus of 2048 bits with its sign byte (4 + 257).
        assert_eq!(blob.len(), 11 + 7 + 261);
        assert_eq!(&blob[..18], b"\0\0\0\x07ssh-rsa\0\0\0\x03\x01\0\x01");
        assert_eq!(&blob[18..23], [0, 0, 1, 1, 0]);
    }

    #[test]
    fn a_key_is_encoded_as_openssh_does() {
        // `ssh-keygen -t rsa -b 2048`, and the modulus that `openssl rsa -modulus` shows for it.
        let modulus = include_str!("testdata/id_rsa.modulus");
        let expected = include_str!("testdata/id_rsa.pub");
        let modulus = BigUint::parse_bytes(modulus.trim().as_bytes(), 16).unwrap();
        let key = RsaPublicKey::new(modulus, BigUint::from(65537_u32)).unwrap();
        assert_eq!(openssh(&key).split(' ').nth(1), expected.split(' ').nth(1));
    }

    #[test]
    fn the_variable_file_sets_every_variable_once() {
        let network =
            Network { vpc_id: "vpc-1".into(), subnet_ids: vec!["subnet-1".into(), "subnet-2".into()] };
        let text = var_file(&network, "ssh-rsa AAAA me");
        let names: Vec<&str> =
            text.lines().filter_map(|line| line.split_once('=')).map(|(name, _)| name.trim()).collect();
        assert_eq!(names, VARIABLES);
        assert!(text.contains("public_subnet_ids = [\"subnet-1\", \"subnet-2\"]\n"), "{text}");
        assert!(text.contains("ssh_public_key    = \"ssh-rsa AAAA me\"\n"), "{text}");
    }
}
