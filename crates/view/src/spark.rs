//! Small curves: where their line runs.

/// Samples of one curve.
pub const SPARK_SAMPLES: usize = 40;

/// One column of pixels of a curve, counted from the top.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SparkColumn {
    /// Where its line begins.
    pub top: f64,
    /// Where its line ends.
    pub bottom: f64,
}

/// Where the line runs: `None` for columns before the first sample. The newest sample is at the end.
///
/// The axis ends at `floor`, or at the highest value times `headroom` if that is more.
pub fn spark(values: &[f64], size: (usize, f64), floor: f64, headroom: f64) -> Vec<Option<SparkColumn>> {
    let (width, height) = size;
    let highest = values.iter().copied().filter(|value| value.is_finite()).fold(0.0, f64::max);
    let top = (highest * headroom).max(floor).max(f64::MIN_POSITIVE);
    let slots = values.len().max(SPARK_SAMPLES).saturating_sub(1).max(1) as f64;
    let missing = slots + 1.0 - values.len() as f64;
    let y = |column: f64| {
        let at = column / width.max(1) as f64 * slots - missing;
        if values.is_empty() || at < 0.0 {
            return None;
        }
        let before = (at.floor() as usize).min(values.len() - 1);
        let after = (before + 1).min(values.len() - 1);
        let value = values[before] + (values[after] - values[before]) * (at - before as f64);
        Some(height - (value / top).clamp(0.0, 1.0) * height)
    };
    let column = |x: usize| {
        let (left, right) = (y(x as f64)?, y(x as f64 + 1.0)?);
        Some(SparkColumn { top: left.min(right), bottom: left.max(right) })
    };
    (0..width).map(column).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_idle_service_looks_idle_and_the_newest_sample_is_at_the_end() {
        let columns = spark(&[0.1; SPARK_SAMPLES], (72, 20.0), 10.0, 1.0);
        assert!(columns.iter().all(|it| it.is_some_and(|it| it.top > 19.0)));
        let columns = spark(&[1.0, 50.0], (72, 20.0), 10.0, 1.0);
        assert!(columns[0].is_none() && columns[71].is_some_and(|it| it.top < 1.0), "{columns:?}");
    }

    #[test]
    fn nothing_and_nonsense_draw_nothing() {
        assert!(spark(&[], (10, 20.0), 10.0, 1.0).iter().all(Option::is_none));
        assert!(spark(&[f64::NAN, 0.0, 0.0], (0, 0.0), 0.0, 1.0).is_empty());
    }
}
