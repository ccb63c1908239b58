//! Sets of offers: of each type of transform a list, of which any is offered with any of the others.

use shakedown_model::Slot;

/// The types of transform of an IKE SA, in the order of the lists of a [`Region`].
pub(super) const TYPES: [Slot; 4] = [Slot::Encryption, Slot::Integrity, Slot::Prf, Slot::Group];
/// Where groups stand among them: the responder names the one that it takes.
pub(super) const GROUP: usize = 3;

/// One proposal by the places of its transforms among the candidates. The list of integrity algorithms is empty beside
/// ciphers that bring their own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Region {
    pub(super) lists: [Vec<usize>; 4],
}

impl Region {
    pub(super) fn list(&self, of: usize) -> &[usize] {
        self.lists.get(of).map_or(&[], Vec::as_slice)
    }

    /// The same with another list of one type.
    pub(super) fn with(&self, of: usize, list: Vec<usize>) -> Self {
        let mut changed = self.clone();
        if let Some(own) = changed.lists.get_mut(of) {
            *own = list;
        }
        changed
    }

    /// Whether there is something of each type that a proposal needs.
    pub(super) fn is_whole(&self) -> bool {
        [0, 2, GROUP].into_iter().all(|of| !self.list(of).is_empty())
    }

    /// The types that it has transforms of.
    pub(super) fn types(&self) -> impl Iterator<Item = usize> + use<> {
        let used = self.lists.each_ref().map(|list| !list.is_empty());
        (0..TYPES.len()).zip(used).filter(|(_, used)| *used).map(|(of, _)| of)
    }

    /// Bytes that it takes as a proposal, at most.
    fn bytes(&self) -> usize {
        8 + self.lists.iter().map(|list| list.len() * 12).sum::<usize>()
    }

    /// What lies in this region and not in a part of it, as regions that have nothing in common: first what has other
    /// groups, then of what has these groups what has other ciphers, and so on.
    pub(super) fn without(&self, part: &Self) -> Vec<Self> {
        let mut rest = self.clone();
        let mut regions = Vec::new();
        for of in [GROUP, 0, 1, 2] {
            let outside: Vec<usize> =
                rest.list(of).iter().copied().filter(|index| !part.list(of).contains(index)).collect();
            if !outside.is_empty() {
                regions.push(rest.with(of, outside));
            }
            rest = rest.with(of, part.list(of).to_vec());
        }
        regions
    }

    /// Offers of one transform each in which any two transforms beside the first ones of their types stand together at
    /// least once.
    pub(super) fn corners(&self) -> Vec<Self> {
        let types: Vec<usize> = (0..TYPES.len()).filter(|of| self.list(*of).len() > 1).collect();
        let further = |of: usize| self.list(of).iter().skip(1).copied();
        let mut pairs: Vec<[usize; 2]> = Vec::new();
        for (at, one) in types.iter().enumerate() {
            for other in types.iter().skip(at + 1) {
                pairs.extend(further(*one).flat_map(|first| further(*other).map(move |second| [first, second])));
            }
        }
        let mut corners = Vec::new();
        while let Some(pair) = pairs.first().copied() {
            let mut corner: Vec<usize> = pair.to_vec();
            for of in types.iter().filter(|of| !self.list(**of).iter().any(|index| pair.contains(index))) {
                let news = |index: &usize| {
                    let is_new = |[one, other]: &&[usize; 2]| {
                        one == index && corner.contains(other) || other == index && corner.contains(one)
                    };
                    pairs.iter().filter(is_new).count()
                };
                corner.extend(further(*of).max_by_key(news));
            }
            pairs.retain(|pair| !pair.iter().all(|index| corner.contains(index)));
            let chosen = |list: &Vec<usize>| {
                let index = list.iter().copied().find(|index| corner.contains(index));
                index.or_else(|| list.first().copied()).into_iter().collect()
            };
            corners.push(Self { lists: self.lists.each_ref().map(chosen) });
        }
        corners
    }

    /// The two as one, where they differ in one type only.
    fn joined(&self, other: &Self) -> Option<Self> {
        let same = |of: &usize| {
            let (mut ours, mut theirs) = (self.list(*of).to_vec(), other.list(*of).to_vec());
            ours.sort_unstable();
            theirs.sort_unstable();
            ours == theirs
        };
        let mut differing = (0..TYPES.len()).filter(|of| !same(of));
        let of = differing.next()?;
        if differing.next().is_some() {
            return None;
        }
        let mut list = self.list(of).to_vec();
        list.extend(other.list(of).iter().filter(|index| !self.list(of).contains(index)));
        Some(self.with(of, list))
    }
}

/// The regions as few as can be had by joining two at a time.
pub(super) fn join(mut regions: Vec<Region>) -> Vec<Region> {
    'again: loop {
        for (at, one) in regions.iter().enumerate() {
            for (after, other) in regions.iter().enumerate().skip(at + 1) {
                // Nothing belongs together that has integrity algorithms on one side only.
                if let Some(joined) = one.joined(other).filter(|_| one.list(1).is_empty() == other.list(1).is_empty()) {
                    regions.remove(after);
                    if let Some(place) = regions.get_mut(at) {
                        *place = joined;
                    }
                    continue 'again;
                }
            }
        }
        return regions;
    }
}

/// The regions in messages that need no fragments on the way: 1280 bytes without the headers of IP, UDP and the rest of
/// the message.
pub(super) fn packs(regions: Vec<Region>) -> Vec<Vec<Region>> {
    const MOST: usize = 1000;
    let mut packs: Vec<Vec<Region>> = Vec::new();
    let mut left = 0;
    for region in regions {
        let bytes = region.bytes();
        match packs.last_mut().filter(|_| bytes <= left) {
            Some(pack) => pack.push(region),
            None => {
                packs.push(vec![region]);
                left = MOST;
            }
        }
        left = left.saturating_sub(bytes);
    }
    packs
}
