//! Why two answers are no pair.

/// Why two answers are no pair. In the order in which they are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Reason {
    Erased,
    NotAsked,
    LeftUnanswered,
    RightUnanswered,
    NeitherAnswered,
    NoCounterpart,
    Failover,
    Incomplete,
    NoScore,
    Cached,
    TooFarApart,
    UnknownInputs,
    OtherInputs,
    KnownBefore,
    Repeated,
    Unattached,
}

// === impl Reason ===

impl Reason {
    /// Of which it is not known, or no longer told, that both answered.
    pub(super) const NOT_BOTH: [Self; 6] = [
        Self::NotAsked,
        Self::LeftUnanswered,
        Self::RightUnanswered,
        Self::NeitherAnswered,
        Self::NoCounterpart,
        Self::Erased,
    ];

    /// The word in the funnel.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Erased => "erased",
            Self::NotAsked => "not_asked",
            Self::LeftUnanswered => "left_unanswered",
            Self::RightUnanswered => "right_unanswered",
            Self::NeitherAnswered => "neither_answered",
            Self::NoCounterpart => "no_counterpart",
            Self::Failover => "failover",
            Self::Incomplete => "incomplete",
            Self::NoScore => "no_score",
            Self::Cached => "cached",
            Self::TooFarApart => "too_far_apart",
            Self::UnknownInputs => "unknown_inputs",
            Self::OtherInputs => "other_inputs",
            Self::KnownBefore => "known_before",
            Self::Repeated => "repeated",
            Self::Unattached => "unattached",
        }
    }
}
