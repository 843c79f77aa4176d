//! What a list of scores is worth.

/// Scores with what they should have said.
pub struct Scores {
    /// The highest first.
    pairs: Vec<(f64, bool)>,
    threshold: Option<f64>,
    /// Whether each was held, when the threshold moved along.
    pub held: Vec<(bool, bool)>,
}

impl Scores {
    pub fn new(mut pairs: Vec<(f64, bool)>, threshold: Option<f64>) -> Self {
        // Of equal scores the genuine comment comes first: a tie is no merit.
        pairs.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let held = threshold.map_or(Vec::new(), |limit| {
            pairs.iter().map(|pair| (pair.0 > limit, pair.1)).collect()
        });
        Self {
            pairs,
            threshold,
            held,
        }
    }

    pub fn head() -> String {
        format!(
            "{:<26} {:>6} {:>9} {:>7} {:>6} {:>6}   {:>14} {:>14}",
            "", "recall", "precision", "ROC-AUC", "Brier", "ECE", "carried recall", "carried ham"
        )
    }

    fn counts(&self) -> (f64, f64) {
        let spam = self.pairs.iter().filter(|pair| pair.1).count() as f64;
        (spam, self.pairs.len() as f64 - spam)
    }

    /// Recall and precision when at most this share of ham is held.
    fn at(&self, share: f32) -> (f64, f64) {
        let (spam, ham) = self.counts();
        let allowed = (ham * f64::from(share)).floor();
        let (mut caught, mut held, mut best) = (0.0, 0.0, (0.0, 1.0));
        for pair in &self.pairs {
            if pair.1 {
                caught += 1.0;
            } else {
                held += 1.0;
            }
            if held > allowed {
                break;
            }
            best = (caught / spam, caught / (caught + held));
        }
        best
    }

    pub fn recall_at(&self, share: f32) -> f64 {
        self.at(share).0
    }

    fn area(&self) -> f64 {
        let (spam, ham) = self.counts();
        let mut above = 0.0;
        let mut sum = 0.0;
        for pair in &self.pairs {
            if pair.1 {
                sum += ham - above;
            } else {
                above += 1.0;
            }
        }
        sum / (spam * ham)
    }

    /// The Brier score, and the expected error of calibration over ten bins.
    fn calibration(&self) -> (f64, f64) {
        let mut bins = [(0.0, 0.0, 0.0); 10];
        let mut brier = 0.0;
        for pair in &self.pairs {
            let said = super::likely(pair.0);
            let was = f64::from(u8::from(pair.1));
            brier += (said - was).powi(2);
            let bin = &mut bins[((said * 10.0) as usize).min(9)];
            *bin = (bin.0 + 1.0, bin.1 + said, bin.2 + was);
        }
        let all = self.pairs.len() as f64;
        (
            brier / all,
            bins.iter().map(|bin| (bin.1 - bin.2).abs()).sum::<f64>() / all,
        )
    }

    pub fn line(&self, name: &str, share: f32) -> String {
        let (recall, precision) = self.at(share);
        let (brier, error) = self.calibration();
        let part = |wanted: bool| {
            let of: Vec<_> = self.held.iter().filter(|pair| pair.1 == wanted).collect();
            of.iter().filter(|pair| pair.0).count() as f64 / of.len().max(1) as f64
        };
        let carried = match self.held.is_empty() {
            true => String::new(),
            false => format!("{:>14.3} {:>14.3}", part(true), part(false)),
        };
        let _ = self.threshold;
        format!(
            "{name:<26} {recall:>6.3} {precision:>9.3} {:>7.4} {brier:>6.3} {error:>6.3}   {carried}",
            self.area()
        )
    }
}
