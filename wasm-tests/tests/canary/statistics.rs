//! How likely what was seen is, if shares are what they should be.

/// What is less likely than this is no chance. A test makes some ten comparisons, and so fails less than once in a million
/// runs; of 100,000 requests, one percent point more or less than a tenth would be more than ten standard deviations.
pub(crate) const LEAST: f64 = 5e-8;

/// The probability that chance alone takes `hits` of `all` at least so far from their share: Pearson's chi-square test with
/// one degree of freedom.
pub(crate) fn p_value(hits: usize, all: usize, share: f64) -> f64 {
    let (hits, all) = (number(hits), number(all));
    let (expected, other) = (all * share, all * (1.0 - share));
    let chi_square = (hits - expected).powi(2) / expected + (hits - expected).powi(2) / other;
    libm::erfc((chi_square / 2.0).sqrt())
}

/// Numbers of tests are small.
pub(crate) fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap())
}

#[test]
fn chance_passes_and_a_percent_point_does_not() {
    assert!((p_value(1_030, 10_000, 0.1) - 0.317).abs() < 0.001, "one standard deviation");
    assert!(p_value(10_000, 100_000, 0.1) > 0.999);
    for (all, share) in [(100_000, 0.1), (100_000, 1.0 / 3.0)] {
        for off in [-0.01, 0.01] {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part of `all`")]
            let hits = (number(all) * (share + off)) as usize;
            assert!(p_value(hits, all, share) < LEAST / 1e3, "{off} of {share}");
        }
    }
}
