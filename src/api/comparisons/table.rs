//! Pairs as a table: what statistics read, and where each comes from.

use crate::{
    compare::{Pair, csv::PairWriter},
    comparing::{ComparedPair, ComparedSide, Version},
};

/// The columns beside those of the statistics.
const FURTHER: [&str; 17] = [
    "subject_id",
    "asked_in",
    "source",
    "at",
    "route",
    "subject_type",
    "left_assessed_at",
    "right_assessed_at",
    "left_served",
    "right_served",
    "left_kind",
    "right_kind",
    "left_mapping_version",
    "right_mapping_version",
    "left_profile",
    "right_profile",
    "pair",
];

/// Pairs in the making of a table.
#[derive(Debug)]
pub(super) struct PairTable {
    /// None once it could not be written.
    writer: Option<PairWriter<Vec<u8>>>,
    rows: u64,
}

// === impl PairTable ===

impl PairTable {
    pub(super) fn new() -> Self {
        Self { writer: PairWriter::new(Vec::new(), &FURTHER).ok(), rows: 0 }
    }

    pub(super) fn add(&mut self, pair: &ComparedPair, row: &Pair<'_>) {
        self.rows += 1;
        let (left, right) = (version(&pair.left), version(&pair.right));
        let times = [pair.at, pair.left.assessed_at, pair.right.assessed_at].map(|at| at.to_string());
        let number = self.rows.to_string();
        let further = [
            pair.subject.as_str(),
            &pair.asked_in,
            pair.source.as_str(),
            &times[0],
            &pair.route,
            &pair.subject_type,
            &times[1],
            &times[2],
            pair.left.served.as_str(),
            pair.right.served.as_str(),
            &left.kind,
            &right.kind,
            &left.mapping_version,
            &right.mapping_version,
            left.profile.as_deref().unwrap_or_default(),
            right.profile.as_deref().unwrap_or_default(),
            &number,
        ];
        let writer = self.writer.take();
        self.writer = writer.and_then(|mut writer| writer.write(row, &further).ok().map(|()| writer));
    }

    /// The whole table.
    pub(super) fn text(self) -> Option<Vec<u8>> {
        self.writer?.finish().ok()
    }
}

fn version(side: &ComparedSide) -> Version {
    Version::read(&side.version)
}
