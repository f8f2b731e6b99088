//! Calls made at the same time. When several fail, the error told is that of the call written first, not of the call
//! that AWS answered first: a report on the same account says the same each time.

use futures::future::join_all;

/// The answers of `calls`, in their order.
///
/// # Errors
/// The error of the first call that failed, in the order of `calls`; the others have ended by then.
pub async fn all<T, E>(
    calls: impl IntoIterator<Item = impl Future<Output = Result<T, E>>>,
) -> Result<Vec<T>, E> {
    join_all(calls).await.into_iter().collect()
}

/// Results of calls of several types, see `together!`.
pub trait Results {
    /// The values, as a tuple.
    type Values;
    /// What can go wrong.
    type Error;
    /// All the values.
    ///
    /// # Errors
    /// The first error in the order of the tuple.
    fn values(self) -> Result<Self::Values, Self::Error>;
}

macro_rules! results {
    ($($value:ident),+) => {
        impl<E, $($value),+> Results for ($(Result<$value, E>,)+) {
            type Values = ($($value,)+);
            type Error = E;
            #[allow(non_snake_case, reason = "each variable has the name of its type")]
            fn values(self) -> Result<Self::Values, E> {
                let ($($value,)+) = self;
                Ok(($($value?,)+))
            }
        }
    };
}
results!(A, B);
results!(A, B, C);
results!(A, B, C, D);
results!(A, B, C, D, F);
results!(A, B, C, D, F, G);
results!(A, B, C, D, F, G, H);
results!(A, B, C, D, F, G, H, I);

/// The tuple of what the given futures give, all under way at once, or the first error in the order written.
macro_rules! together {
    ($($call:expr),+ $(,)?) => {
        $crate::provider::aws::together::Results::values(futures::join!($($call),+))
    };
}
pub(crate) use together;

#[cfg(test)]
mod tests {
    use futures::future::{pending, ready};
    use std::time::Duration;

    async fn late(answer: Result<u8, &'static str>) -> Result<u8, &'static str> {
        let rest = tokio::time::timeout(Duration::from_millis(1), pending::<()>());
        rest.await.unwrap_err();
        answer
    }

    #[tokio::test]
    async fn the_error_told_is_the_first_as_written() {
        assert_eq!(together!(late(Ok(1)), ready(Ok("x"))), Ok((1, "x")));
        assert_eq!(together!(late(Err("one")), ready(Err::<(), _>("two"))), Err("one"));
        assert_eq!(super::all([late(Ok(1)), late(Ok(2))]).await, Ok(vec![1, 2]));
        assert_eq!(super::all([late(Err("one")), late(Err("two"))]).await, Err("one"));
    }
}
