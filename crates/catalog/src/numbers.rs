use crate::{Algorithm, Catalog};

impl Catalog {
    /// The names of a kind of algorithm (as in [`Algorithm::kind`]) that have a number in IANA's registry, by number.
    pub fn numbered(&self, kind: &str) -> Vec<(u32, &str)> {
        let of_kind = |algorithm: &&Algorithm| algorithm.kind == kind;
        let mut numbered: Vec<(u32, &str)> = self
            .all_algorithms()
            .iter()
            .filter(of_kind)
            .filter_map(|algorithm| Some((algorithm.number?, algorithm.name.as_str())))
            .collect();
        numbered.sort_unstable();
        numbered
    }
}
