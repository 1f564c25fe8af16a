//! The closed lists of words that procedure files, SQL and JSON share.

/// A closed list of words.
pub trait WordList: Sized + Copy + 'static {
    /// Every member, in the order files and pages list them.
    const ALL: &'static [Self];

    /// The word in files, SQL and JSON.
    fn word(self) -> &'static str;

    /// All words, for a message that names the remedy.
    fn list() -> String {
        Self::ALL.iter().map(|member| member.word()).collect::<Vec<_>>().join(", ")
    }
}

/// Gives an enum its words.
macro_rules! word_list {
    ($name:ident: $($member:ident = $word:literal),+) => {
        impl $name {
            /// The word in files, SQL and JSON.
            pub fn as_str(self) -> &'static str {
                match self { $($name::$member => $word),+ }
            }

            /// The member of that word.
            pub fn parse(word: &str) -> Option<Self> {
                use $crate::domain::procedure::WordList;
                Self::ALL.iter().copied().find(|member| member.as_str() == word)
            }
        }

        impl $crate::domain::procedure::WordList for $name {
            const ALL: &'static [Self] = &[$($name::$member),+];

            fn word(self) -> &'static str {
                self.as_str()
            }
        }
    };
}
pub(in crate::domain) use word_list;

macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $member:ident = $word:literal,)+ }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[$doc])* #[serde(rename = $word)] $member,)+
        }

        word_list!($name: $($member = $word),+);
    };
}

words!(
    /// What a run of a procedure is about.
    About {
        /// One PC or network device.
        Device = "device",
        /// A plan over areas, then each of them.
        Areas = "areas",
        /// A plan over networks, then each of them.
        Networks = "networks",
        /// What a person or an area asked for.
        Request = "request",
    }
);

words!(
    /// What a plan walks.
    Subjects {
        /// Administrative areas.
        Areas = "area",
        /// Networks.
        Networks = "network",
    }
);

words!(
    /// What the system does at a step by itself, on arrival.
    Auto {
        /// Question: has every area or network a date?
        AllPlanned = "all_planned",
        /// Question: has every area or network been visited?
        AllVisited = "all_visited",
        /// Question: are all PCs of the present area done?
        AllDevices = "all_devices",
        /// Action: goes to the next one without a date.
        NextToPlan = "next_to_plan",
        /// Action: goes to the next one to visit, by its date.
        NextToVisit = "next_to_visit",
        /// Action: goes to the next PC of the present area.
        NextDevice = "next_device",
    }
);

impl Auto {
    /// Whether it answers a question; otherwise it carries out an action.
    pub fn decides(self) -> bool {
        matches!(self, Auto::AllPlanned | Auto::AllVisited | Auto::AllDevices)
    }
}

words!(
    /// What a step finishes.
    Cursor {
        /// The visit of the present area or network.
        Visit = "visit",
        /// The present PC.
        Device = "device",
    }
);

words!(
    /// Evidence a step may ask for.
    Need {
        /// Some words.
        Note = "note",
        /// A file, added while the run stands at the step.
        Attachment = "attachment",
        /// A signature, on screen or on paper that was filed.
        Signature = "signature",
    }
);

words!(
    /// What a run waits for.
    Wait {
        /// A spare part, asked of Tesorería.
        SparePart = "spare_part",
        /// The provider of the internet service.
        Provider = "provider",
        /// A signature.
        Signature = "signature",
        /// The approval of somebody outside the unit.
        Approval = "approval",
        /// An answer of whoever asked.
        Requester = "requester",
    }
);

impl Wait {
    /// As people read it, after «esperando».
    pub fn title(self) -> &'static str {
        match self {
            Wait::SparePart => "refacción",
            Wait::Provider => "proveedor de internet",
            Wait::Signature => "firma",
            Wait::Approval => "autorización",
            Wait::Requester => "respuesta de quien lo pidió",
        }
    }
}

words!(
    /// A document that comes out of a step.
    Document {
        /// Formal letter.
        Letter = "letter",
        /// Responsibility letter of an account.
        ResponsibilityLetter = "responsibility_letter",
        /// Report of preventive maintenance.
        PreventiveReport = "preventive_report",
        /// Report of corrective maintenance.
        CorrectiveReport = "corrective_report",
        /// Grounds to retire a PC.
        TechnicalOpinion = "technical_opinion",
        /// Log of a network.
        NetworkLog = "network_log",
        /// Security sheet of a PC and summary of the area.
        SecuritySheet = "security_sheet",
        /// Record of a backup.
        BackupRecord = "backup_record",
        /// Notice of an institutional mailbox.
        MailboxNotice = "mailbox_notice",
        /// Reply to a request of publication.
        PublicationReply = "publication_reply",
    }
);

impl Document {
    /// As people read it.
    pub fn title(self) -> &'static str {
        match self {
            Document::Letter => "Oficio",
            Document::ResponsibilityLetter => "Carta responsiva",
            Document::PreventiveReport => "Reporte de mantenimiento preventivo",
            Document::CorrectiveReport => "Reporte de mantenimiento correctivo",
            Document::TechnicalOpinion => "Dictamen técnico",
            Document::NetworkLog => "Bitácora de red",
            Document::SecuritySheet => "Ficha de seguridad",
            Document::BackupRecord => "Constancia de respaldo",
            Document::MailboxNotice => "Notificación de correo institucional",
            Document::PublicationReply => "Respuesta de publicación",
        }
    }
}

words!(
    /// What kind of value a field takes.
    FieldKind {
        /// One line.
        Text = "text",
        /// Several lines.
        LongText = "long_text",
        /// A day, `2026-11-22`.
        Date = "date",
        /// A whole number, 0 or more.
        Number = "number",
        /// An e-mail address.
        Email = "email",
        /// Web addresses, one a line.
        Url = "url",
        /// One of a list.
        Choice = "choice",
        /// Name of an institutional system.
        System = "system",
        /// Clave ISSEMYM: text, its mask is a setting.
        Clave = "clave",
    }
);

words!(
    /// A question readings or the collector's own checks can answer.
    Question {
        /// Have the faults that opened this run gone?
        FaultsCleared = "faults_cleared",
        /// Has the network internet?
        HasInternet = "has_internet",
        /// Is the network stable?
        IsStable = "is_stable",
        /// Is a router, access point or switch at fault?
        DeviceFault = "device_fault",
        /// Is the cabling at fault?
        CablingFault = "cabling_fault",
        /// Is the configuration of the network at fault?
        ConfigurationFault = "configuration_fault",
        /// Has the PC an antivirus?
        HasAntivirus = "has_antivirus",
        /// Is the antivirus up to date?
        AntivirusUpdated = "antivirus_updated",
        /// Is its firewall configured correctly?
        FirewallCorrect = "firewall_correct",
        /// Is it affected by adware or other malware?
        MalwarePresent = "malware_present",
        /// Has it another anomaly that affects its performance?
        OtherAnomaly = "other_anomaly",
        /// How the PC was before and after.
        Snapshot = "snapshot",
        /// Can the published pages be seen?
        PagePublished = "page_published",
        /// Has the area a mailbox already?
        MailboxExists = "mailbox_exists",
        /// Does the domain of the mailbox take mail?
        MailboxDomainReady = "mailbox_domain_ready",
    }
);
