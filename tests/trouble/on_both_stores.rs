//! Runs the same test on SQLite and on PostgreSQL.

/// Each test is an `async fn` of this module that takes its [`TestStore`](crate::stores::TestStore).
macro_rules! on_both_stores {
    ($($test:ident),+ $(,)?) => {
        mod on_sqlite {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() {
                    super::$test($crate::stores::TestStore::sqlite()).await;
                }
            )+
        }

        mod on_postgresql {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() {
                    if let Some(store) = $crate::stores::TestStore::postgres(stringify!($test)) {
                        super::$test(store).await;
                    }
                }
            )+
        }
    };
}

pub(crate) use on_both_stores;
