/// Something to reach.
pub(super) struct Goal {
    what: &'static str,
    measured: Option<f64>,
    /// At most this much.
    limit: f64,
    unit: &'static str,
}

impl Goal {
    pub(super) fn new(what: &'static str, measured: Option<f64>, limit: f64, unit: &'static str) -> Self {
        Self { what, measured, limit, unit }
    }

    pub(super) fn is_reached(&self) -> bool {
        self.measured.is_some_and(|measured| measured <= self.limit)
    }
}

/// Medians of all rounds.
pub(super) fn print<const COLUMNS: usize>(head: [&str; COLUMNS], rows: &[[String; COLUMNS]]) {
    let head = head.map(str::to_owned);
    let width = |column: usize| {
        std::iter::once(&head).chain(rows).filter_map(|row| row.get(column)).map(String::len).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..COLUMNS).map(width).collect();
    for row in std::iter::once(&head).chain(rows) {
        let mut line = String::new();
        for (index, (cell, width)) in row.iter().zip(&widths).enumerate() {
            if index == 0 {
                line.push_str(&format!("{cell:<width$}"));
            } else {
                line.push_str(&format!("  {cell:>width$}"));
            }
        }
        println!("{}", line.trim_end());
    }
}

pub(super) fn print_goals(goals: &[Goal]) {
    println!();
    for goal in goals {
        let measured =
            goal.measured.map_or_else(|| "not measured".to_owned(), |value| format!("{value:.3}{}", goal.unit));
        let result = if goal.is_reached() { "reached" } else { "NOT REACHED" };
        println!("{result:<11}  {}: {measured} (at most {}{})", goal.what, goal.limit, goal.unit);
    }
}
