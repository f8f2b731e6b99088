//! Where states are kept in S3: what a `backend "s3"` block may say, and the objects and items behind it. For the
//! backend itself ([`crate::state`]) and for the data source that reads other stacks' outputs.

pub(crate) mod arguments;
pub(crate) mod remote;
pub(crate) mod settings;

use crate::lang::value::Value;
use crate::provider::{OperationError, Provider};

use remote::Remote;
use settings::Settings;

/// Connects as a block's settings, an object of [`arguments::schema`], say: with region and credentials found as for
/// the AWS provider.
pub(crate) async fn connect(config: &Value, provider: &dyn Provider) -> Result<Remote, OperationError> {
    let block = settings::provider_block(config, provider);
    let connection = provider.configure(&block).await.map_err(|mut error| {
        error.message = error.message.replace("provider block", "backend block");
        error
    })?;
    Ok(Remote::new(connection.aws()?, Settings::decode(config)))
}
