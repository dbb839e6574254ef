//! tmp
/// Usage
#[derive(Debug, Clone)]
pub struct Usage {
    /// m
    pub memory_bytes: u64,
    /// c
    pub cpu_percent: f64,
}
