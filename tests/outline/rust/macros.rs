cfg_rt! {
    pub mod io;

    cfg_io! {
        /// Runs a thing.
        #[inline]
        pub(crate) async fn spawn_blocking<F, R>(func: F) -> JoinHandle<R> {
            rt::spawn(func)
        }
    }
}

pin_project! {
    /// A stream.
    #[must_use]
    pub struct StreamMap<K> {
        #[pin]
        entries: Vec<K>,
    }
}

lazy_static! {
    static ref X: u32 = 1;
}

bitflags! {
    pub struct Flags: u32 {
        const A = 1;
    }
}

fn plain() {
    println! {
        "a"
    }
}
