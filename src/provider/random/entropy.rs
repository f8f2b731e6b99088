//! Where random values come from: the operating system, or a seed.

use sha2::{Digest, Sha256};

use crate::provider::OperationError;

/// A source of random bytes.
pub enum Entropy {
    /// The operating system's generator, fit for secrets.
    System,
    /// The same bytes for the same seed: SHA-256 of the seed and a counter, block by block.
    Seeded { seed: Vec<u8>, counter: u64, block: Vec<u8> },
}

impl Entropy {
    /// The seed's source if there is one that is not empty, the operating system's otherwise.
    pub fn new(seed: Option<&str>) -> Entropy {
        match seed.filter(|seed| !seed.is_empty()) {
            Some(seed) => Entropy::Seeded { seed: seed.as_bytes().to_vec(), counter: 0, block: Vec::new() },
            None => Entropy::System,
        }
    }

    /// Fills a buffer.
    pub fn fill(&mut self, buffer: &mut [u8]) -> Result<(), OperationError> {
        match self {
            Entropy::System => getrandom::fill(buffer).map_err(|error| {
                OperationError::internal(format!("the operating system gives no random bytes: {error}"))
            }),
            Entropy::Seeded { seed, counter, block } => {
                for byte in buffer {
                    if block.is_empty() {
                        let digest = Sha256::new().chain_update(&*seed).chain_update(counter.to_be_bytes());
                        *block = digest.finalize().to_vec();
                        *counter += 1;
                    }
                    *byte = block.pop().unwrap_or_default();
                }
                Ok(())
            }
        }
    }

    /// So many random bytes.
    pub fn bytes(&mut self, count: usize) -> Result<Vec<u8>, OperationError> {
        let mut bytes = vec![0; count];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    /// A number from 0 to one below the bound, each as likely as the other. The bound is at least 1.
    pub fn below(&mut self, bound: u128) -> Result<u128, OperationError> {
        let bound = bound.max(1);
        // Numbers from the last, incomplete, run of the bound would favour small results: they are drawn again.
        let limit = u128::MAX - (u128::MAX % bound + 1) % bound;
        loop {
            let mut bytes = [0; 16];
            self.fill(&mut bytes)?;
            let drawn = u128::from_be_bytes(bytes);
            if drawn <= limit {
                return Ok(drawn % bound);
            }
        }
    }

    /// One of the elements; `None` if there are none.
    pub fn one_of<'a, T>(&mut self, elements: &'a [T]) -> Result<Option<&'a T>, OperationError> {
        let index = self.below(elements.len() as u128)?;
        Ok(elements.get(usize::try_from(index).unwrap_or_default()))
    }

    /// Puts the elements in an order of which each is as likely as the other (Fisher and Yates).
    pub fn shuffle<T>(&mut self, elements: &mut [T]) -> Result<(), OperationError> {
        for last in (1..elements.len()).rev() {
            let other = self.below(last as u128 + 1)?;
            elements.swap(last, usize::try_from(other).unwrap_or_default());
        }
        Ok(())
    }
}
