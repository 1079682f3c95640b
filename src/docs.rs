//! How to run it, and decisions that someone could reasonably reverse, and why they stand.

#[doc = include_str!("docs/operating.md")]
pub mod operating {}

#[doc = include_str!("docs/adr/0001-one-writer.md")]
pub mod adr_0001_one_writer {}

#[doc = include_str!("docs/adr/0002-exchange-and-judge.md")]
pub mod adr_0002_exchange_and_judge {}

#[doc = include_str!("docs/adr/0003-partial-answers.md")]
pub mod adr_0003_partial_answers {}

#[doc = include_str!("docs/adr/0004-shared-calls.md")]
pub mod adr_0004_shared_calls {}

#[doc = include_str!("docs/adr/0005-limits-and-spacing.md")]
pub mod adr_0005_limits_and_spacing {}

#[doc = include_str!("docs/adr/0006-factor-scale.md")]
pub mod adr_0006_factor_scale {}

#[doc = include_str!("docs/adr/0007-http-1-only.md")]
pub mod adr_0007_http_1_only {}

#[doc = include_str!("docs/adr/0008-strict-configuration.md")]
pub mod adr_0008_strict_configuration {}

#[doc = include_str!("docs/adr/0009-a-key-for-each-subject.md")]
pub mod adr_0009_a_key_for_each_subject {}

#[doc = include_str!("docs/adr/0010-one-store-two-databases.md")]
pub mod adr_0010_one_store_two_databases {}

#[doc = include_str!("docs/adr/0011-intents.md")]
pub mod adr_0011_intents {}

#[doc = include_str!("docs/adr/0012-idempotency.md")]
pub mod adr_0012_idempotency {}

#[doc = include_str!("docs/adr/0013-durable-work.md")]
pub mod adr_0013_durable_work {}

#[doc = include_str!("docs/adr/0014-hash-key.md")]
pub mod adr_0014_hash_key {}

#[doc = include_str!("docs/adr/0015-test-keys.md")]
pub mod adr_0015_test_keys {}

#[doc = include_str!("docs/adr/0016-pending-answers.md")]
pub mod adr_0016_pending_answers {}

#[doc = include_str!("docs/adr/0018-accepted-questionnaires.md")]
pub mod adr_0018_accepted_questionnaires {}

#[doc = include_str!("docs/adr/0019-policy-rules.md")]
pub mod adr_0019_policy_rules {}

#[doc = include_str!("docs/adr/0020-imports.md")]
pub mod adr_0020_imports {}

#[doc = include_str!("docs/adr/0021-strategies.md")]
pub mod adr_0021_strategies {}

#[doc = include_str!("docs/adr/0022-held-questions.md")]
pub mod adr_0022_held_questions {}

#[doc = include_str!("docs/adr/0023-lost-checks.md")]
pub mod adr_0023_lost_checks {}

#[doc = include_str!("docs/adr/0024-comparison-statistics.md")]
pub mod adr_0024_comparison_statistics {}
#[doc = include_str!("docs/adr/0025-pairs.md")]
pub mod adr_0025_pairs {}
#[doc = include_str!("docs/adr/0026-experiments.md")]
pub mod adr_0026_experiments {}
