//! A small cache.

use std::collections::HashMap;

/// How many entries are kept.
pub const CAPACITY: usize = 128;
static GREETING: &str = "hello";

/// Errors of the cache.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CacheError {
    /// Nothing there.
    #[error("missing {0}")]
    Missing(String),
    Full { capacity: usize },
}

pub type Result<T, E = CacheError> = std::result::Result<T, E>;

/// Keeps values.
#[derive(Default)]
pub struct Cache<K, V>
where
    K: Eq + std::hash::Hash,
{
    entries: HashMap<K, V>,
    pub hits: u64,
}

impl<K: Eq + std::hash::Hash, V> Cache<K, V> {
    /// Makes an empty one.
    #[must_use]
    pub fn new() -> Self {
        Self { entries: HashMap::new(), hits: 0 }
    }

    pub async fn get_or_insert<F>(&mut self, key: K, make: F) -> Result<&V>
    where
        F: FnOnce() -> V,
    {
        fn log(message: &str) {
            println!("{message}");
        }
        log("miss");
        Ok(self.entries.entry(key).or_insert_with(make))
    }
}

impl<K, V> Drop for Cache<K, V> {
    fn drop(&mut self) {}
}

pub trait Store {
    type Key;
    const NAME: &'static str;
    fn load(&self, key: &Self::Key) -> Option<Vec<u8>>;
    fn name(&self) -> &'static str {
        Self::NAME
    }
}

macro_rules! cached {
    ($key:expr) => {
        $key
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps() {
        assert!(Cache::<u8, u8>::new().entries.is_empty());
    }
}
