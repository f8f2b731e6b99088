//! Kinesis Data Streams.

pub mod stream;
mod stream_calls;
