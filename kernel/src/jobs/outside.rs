//! What handlers reach beside the database: one value of a type each, handed in by the product when the worker starts.

use std::{
    any::{Any, TypeId},
    collections::HashMap,
    sync::Arc,
};

use crate::error::{Error, Result};

/// Clients of servers, stores, keys.
#[derive(Clone, Default)]
pub struct Outside(HashMap<TypeId, Arc<dyn Any + Send + Sync>>);

impl Outside {
    /// And this as well.
    #[must_use]
    pub fn with<T: Send + Sync + 'static>(mut self, value: T) -> Self {
        self.0.insert(TypeId::of::<T>(), Arc::new(value));
        self
    }

    /// The value of a type, where the product handed in one.
    pub fn find<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        self.0.get(&TypeId::of::<T>()).cloned().and_then(|value| value.downcast().ok())
    }

    /// The value of a type.
    ///
    /// # Errors
    /// `INTERNAL` where the product handed in none.
    pub fn get<T: Send + Sync + 'static>(&self) -> Result<Arc<T>> {
        self.find().ok_or_else(|| Error::internal(format!("the worker was given no {}", std::any::type_name::<T>())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_handed_in_is_found_by_its_type() {
        let outside = Outside::default().with(7u8).with("seven".to_owned());
        assert_eq!((*outside.get::<u8>().unwrap(), outside.get::<String>().unwrap().as_str()), (7, "seven"));
        assert!(outside.get::<u16>().is_err() && outside.find::<u16>().is_none());
    }
}
