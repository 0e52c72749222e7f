//! Numbers that are gathered into sets.

/// Sets of numbers that grow together.
#[derive(Debug)]
pub struct Sets {
    parent: Vec<u32>,
}

impl Sets {
    /// `count` sets of one number each.
    pub fn new(count: usize) -> Self {
        Self { parent: (0..count as u32).collect() }
    }

    /// The number that stands for the set of `one`: its smallest.
    pub fn find(&mut self, one: usize) -> usize {
        let mut root = one;
        while self.parent[root] as usize != root {
            root = self.parent[root] as usize;
        }
        let mut at = one;
        while self.parent[at] as usize != root {
            at = std::mem::replace(&mut self.parent[at], root as u32) as usize;
        }
        root
    }

    /// Makes one set of those of `one` and `other`.
    pub fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.find(one), self.find(other));
        self.parent[one.max(other)] = one.min(other) as u32;
    }
}
