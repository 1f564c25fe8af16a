//! Antivirus products of Windows by their services: the only trace on Windows Server, and elsewhere the proof that an
//! entry of the Security Center is alive. Pure.

/// A product known by its service.
#[derive(Debug, PartialEq, Eq)]
pub struct Product {
    /// As its maker calls it.
    pub name: &'static str,
    /// The word its entry in the Security Center begins or is made with, in small letters.
    pub word: &'static str,
    /// Services that protect, any of them.
    pub services: &'static [&'static str],
}

/// Microsoft's own, asked in depth.
pub const DEFENDER: Product =
    Product { name: "Microsoft Defender", word: "defender", services: &["WinDefend"] };

/// All others.
pub const PRODUCTS: [Product; 17] = [
    Product { name: "Avast", word: "avast", services: &["avast! Antivirus"] },
    Product { name: "AVG", word: "avg", services: &["AVG Antivirus", "avgsvc"] },
    Product { name: "Avira", word: "avira", services: &["AntiVirService", "AviraSecurity"] },
    Product {
        name: "Bitdefender",
        word: "bitdefender",
        services: &["VSSERV", "EPSecurityService"],
    },
    Product { name: "CrowdStrike Falcon", word: "crowdstrike", services: &["CSFalconService"] },
    Product { name: "ESET", word: "eset", services: &["ekrn"] },
    Product { name: "F-Secure", word: "f-secure", services: &["fshoster", "fsulhoster"] },
    Product { name: "Kaspersky", word: "kaspersky", services: &["AVP", "klnagent", "kavfs"] },
    Product { name: "Malwarebytes", word: "malwarebytes", services: &["MBAMService"] },
    Product {
        name: "McAfee / Trellix",
        word: "mcafee",
        services: &["mfemms", "McShield", "mfewc"],
    },
    Product {
        name: "Norton / Symantec",
        word: "norton",
        services: &["NortonSecurity", "SepMasterService"],
    },
    Product { name: "Panda", word: "panda", services: &["NanoServiceMain", "PSUAService"] },
    Product { name: "SentinelOne", word: "sentinel", services: &["SentinelAgent"] },
    Product {
        name: "Sophos",
        word: "sophos",
        services: &["SAVService", "SntpService", "Sophos File Scanner Service"],
    },
    Product { name: "Trend Micro", word: "trend", services: &["ntrtscan", "ds_agent", "Amsp"] },
    Product { name: "Webroot", word: "webroot", services: &["WRSVC"] },
    Product { name: "Cortex XDR", word: "cortex", services: &["cyserver"] },
];

/// The product an entry of the Security Center is of, told by words of its name.
pub fn by_entry(entry: &str) -> Option<&'static Product> {
    let entry = entry.to_lowercase();
    let named =
        |product: &Product| entry.split_whitespace().any(|word| word.starts_with(product.word));
    PRODUCTS.iter().find(|product| named(product))
}

/// Whether an entry is Microsoft's own.
pub fn is_defender(entry: &str) -> bool {
    let entry = entry.to_lowercase();
    entry.split_whitespace().any(|word| word == DEFENDER.word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_told_by_whole_words() {
        assert_eq!(by_entry("ESET Endpoint Antivirus").unwrap().name, "ESET");
        assert_eq!(by_entry("Norton 360").unwrap().name, "Norton / Symantec");
        assert_eq!(by_entry("Reset Total"), None);
        assert!(is_defender("Windows Defender") && is_defender("Microsoft Defender Antivirus"));
        assert!(!is_defender("Bitdefender Antivirus"));
    }
}
