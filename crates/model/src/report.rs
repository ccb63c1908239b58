use crate::{Diagnosis, Evidence, Fix, Incident, IncidentResult, Outcome, Party, Standing};

/// All that one call found, in the order in which a person reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The command: `check`, `negotiate`, `offer`, ...
    pub command: String,
    /// When.
    pub observed_at: jiff::Timestamp,
    /// From where.
    pub vantage: Vantage,
    /// The date of the catalog's facts.
    pub catalog_date: String,
    /// The parties.
    pub parties: Vec<Party>,
    /// The pairs that were negotiated.
    pub pairs: Vec<Pair>,
    /// What was seen.
    pub evidence: Vec<Evidence>,
    /// The incidents of a log, the ones to look at first before the others.
    pub incidents: Vec<Incident>,
    /// The causes, most likely first.
    pub diagnoses: Vec<Diagnosis>,
    /// The fixes, safest first.
    pub fixes: Vec<Fix>,
    /// What was sent to the target: connections opened in this run.
    pub connections: u32,
    /// What a reader has to know about the run as a whole.
    pub notes: Vec<String>,
}

impl Report {
    /// The exit status of the design: 1 for a diagnosis of confidence 0.5 or more, 3 for weaker ones, an unknown
    /// outcome or none at all, else 0.
    pub fn exit_status(&self) -> u8 {
        let stranger = |diagnosis: &&Diagnosis| {
            let incident = diagnosis.incident.and_then(|incident| self.incidents.get(incident));
            incident.is_some_and(|incident| incident.standing == Standing::Stranger)
        };
        let mut diagnoses = self.diagnoses.iter().filter(|diagnosis| !stranger(diagnosis)).peekable();
        if diagnoses.clone().any(|diagnosis| diagnosis.confidence_permille >= 500) {
            return 1;
        }
        let none = diagnoses.peek().is_none();
        if self.command == "explain" {
            // A text in which nothing is recognised, or that does not say what became of it, is no good news.
            let worked = |incident: &Incident| {
                matches!(incident.result, IncidentResult::Succeeded | IncidentResult::Recovered)
                    || incident.standing == Standing::Stranger
            };
            let settled = !self.incidents.is_empty() && self.incidents.iter().all(worked);
            return if settled && none { 0 } else { 3 };
        }
        let unsettled = self.pairs.iter().any(|pair| pair.outcome.result() != crate::OutcomeResult::Agreed);
        // Nothing came about that could be judged.
        let blank = match self.command.as_str() {
            "check" | "negotiate" => self.pairs.is_empty(),
            "offer" => self.parties.is_empty(),
            _ => false,
        };
        if unsettled || blank || !self.diagnoses.is_empty() { 3 } else { 0 }
    }
}

/// The machine that the observations were made from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vantage {
    /// Its name.
    pub host: Option<String>,
    /// The version of this program.
    pub version: String,
}

/// Two parties and what the rules make of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The client, by place in the report.
    pub client: usize,
    /// The server, by place in the report.
    pub server: usize,
    /// The server's address, where there is one.
    pub address: Option<String>,
    /// What the rules make of them.
    pub outcome: Outcome,
}
