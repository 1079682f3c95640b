//! Country codes both vendors accept, and how risky a few of them are played to be.
//!
//! The levels are made up for demonstrations; they say nothing about the countries.

use crate::level::Level;

/// ISO 3166-1 alpha-2, all officially assigned codes.
const ASSIGNED: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO \
    BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG \
    EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID \
    IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA \
    MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA \
    PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST \
    SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE \
    YT ZA ZM ZW";

/// Countries with a fixed level; the others depend on the vendor.
pub(crate) const LEVELS: &[(&str, Level)] = &[
    ("DE", Level::VeryLow),
    ("DK", Level::VeryLow),
    ("EE", Level::VeryLow),
    ("FI", Level::VeryLow),
    ("NO", Level::VeryLow),
    ("SE", Level::VeryLow),
    ("FR", Level::Low),
    ("GB", Level::Low),
    ("JP", Level::Low),
    ("LT", Level::Low),
    ("US", Level::Low),
    ("NG", Level::High),
    ("PA", Level::High),
    ("VE", Level::High),
    ("AF", Level::VeryHigh),
    ("IR", Level::VeryHigh),
    ("KP", Level::VeryHigh),
    ("MM", Level::VeryHigh),
    ("SY", Level::VeryHigh),
];

/// Whether this is an assigned code, in upper case.
pub(crate) fn is_assigned(code: &str) -> bool {
    code.len() == 2 && ASSIGNED.split_whitespace().any(|assigned| assigned == code)
}

/// The fixed level of a country, where it has one.
pub(crate) fn level(code: &str) -> Option<Level> {
    LEVELS.iter().find(|(listed, _)| *listed == code).map(|(_, level)| *level)
}

#[cfg(test)]
mod tests {
    use super::{ASSIGNED, LEVELS, is_assigned};

    #[test]
    fn there_are_249_codes_without_duplicates() {
        let codes: std::collections::BTreeSet<&str> = ASSIGNED.split_whitespace().collect();
        assert_eq!((codes.len(), ASSIGNED.split_whitespace().count()), (249, 249));
    }

    #[test]
    fn only_assigned_upper_case_codes_are_accepted() {
        assert!(LEVELS.iter().all(|(code, _)| is_assigned(code)));
        assert!(["", "ng", "XX", "NGA", "N G", "E AE"].into_iter().all(|code| !is_assigned(code)));
    }
}
