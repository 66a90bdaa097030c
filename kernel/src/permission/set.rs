//! A set of permissions, small enough to be copied.

use super::Permission;

/// A set of permissions: one bit each.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct PermissionSet([u64; WORDS]);

const WORDS: usize = 4;

impl PermissionSet {
    /// How many different permissions a set can tell apart.
    pub const CAPACITY: usize = WORDS * 64;

    /// Reads the database's names; unknown ones are left out.
    pub fn from_texts(texts: &[&str]) -> Self {
        texts.iter().filter_map(|text| Permission::from_text(text)).collect()
    }

    /// The set and one more.
    #[must_use]
    pub fn with(mut self, permission: Permission) -> Self {
        let (word, bit) = place(permission as usize);
        self.0[word] |= bit;
        self
    }

    /// Whether it is in the set.
    pub fn contains(self, permission: Permission) -> bool {
        let (word, bit) = place(permission as usize);
        self.0[word] & bit != 0
    }

    /// Whether every permission of `other` is in the set.
    pub fn covers(self, other: PermissionSet) -> bool {
        self.0.iter().zip(other.0).all(|(own, other)| other & !own == 0)
    }

    /// Its members, in the order of declaration.
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.iter().copied().filter(move |permission| self.contains(*permission))
    }
}

impl FromIterator<Permission> for PermissionSet {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        permissions.into_iter().fold(PermissionSet::default(), PermissionSet::with)
    }
}

/// The word and the bit of a permission's number.
const fn place(number: usize) -> (usize, u64) {
    (number / 64, 1 << (number % 64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_a_bit_of_its_own() {
        let mut seen = [0; WORDS];
        for number in 0..PermissionSet::CAPACITY {
            let (word, bit) = place(number);
            assert_eq!(seen[word] & bit, 0, "{number}");
            seen[word] |= bit;
        }
        assert_eq!(seen, [u64::MAX; WORDS]);
    }

    #[test]
    fn a_set_covers_what_it_holds_and_no_more() {
        let all: PermissionSet = Permission::ALL.iter().copied().collect();
        for permission in Permission::ALL.iter().copied() {
            let one = PermissionSet::default().with(permission);
            assert!(one.contains(permission) && all.covers(one) && !one.covers(all));
            assert_eq!(one.iter().collect::<Vec<_>>(), [permission]);
            assert!(!Permission::ALL.iter().any(|other| *other != permission && one.contains(*other)));
        }
        assert!(PermissionSet::default().covers(PermissionSet::default()));
        assert_eq!(PermissionSet::from_texts(&["COURSE_READ", "NO_SUCH"]).iter().collect::<Vec<_>>(), [Permission::CourseRead]);
    }
}
