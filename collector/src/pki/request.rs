//! Certificate requests of agents: hostile bytes until proven to be a P-256 key that its holder signed with.
//! Nothing but the key is taken from a request: names and rights are ours to give.

use data_encoding::HEXLOWER;
use rcgen::{PKCS_ECDSA_P256_SHA256, PublicKeyData, SubjectPublicKeyInfo};
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use sha2::{Digest, Sha256};
use x509_parser::prelude::{FromDer, X509CertificationRequest};

/// A certificate request whose signature holds.
#[derive(Debug, Clone)]
pub struct Request {
    key: SubjectPublicKeyInfo,
    key_hash: String,
    digest: [u8; 32],
}

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// Too long.
    #[error("csr: more than {0} bytes")]
    TooLong(usize),
    /// Not PKCS#10.
    #[error("csr: not a PKCS#10 certificate request")]
    Malformed,
    /// Another kind of key.
    #[error("csr: the key must be P-256")]
    Key,
    /// Its own signature does not hold.
    #[error("csr: its signature does not match its key")]
    Signature,
}

impl Request {
    /// Reads a PKCS#10 request, DER.
    ///
    /// # Errors
    /// [`RequestError`] says what is wrong with it.
    pub fn parse(der: &[u8]) -> Result<Request, RequestError> {
        let most = atalaya_proto::limits::CSR_BYTES;
        if der.len() > most {
            return Err(RequestError::TooLong(most));
        }
        let (rest, parsed) =
            X509CertificationRequest::from_der(der).map_err(|_| RequestError::Malformed)?;
        if !rest.is_empty() {
            return Err(RequestError::Malformed);
        }
        let spki = parsed.certification_request_info.subject_pki.raw;
        let key = SubjectPublicKeyInfo::from_der(spki).map_err(|_| RequestError::Key)?;
        if *key.algorithm() != PKCS_ECDSA_P256_SHA256 {
            return Err(RequestError::Key);
        }
        parsed.verify_signature().map_err(|_| RequestError::Signature)?;
        let key_hash = HEXLOWER.encode(&Sha256::digest(spki));
        Ok(Request { key, key_hash, digest: Sha256::digest(der).into() })
    }

    /// Whether `proof` is a signature by this key over `nonce` and this very request.
    pub fn is_bound_to(&self, nonce: &[u8], proof: &[u8]) -> bool {
        let message = [nonce, &self.digest[..]].concat();
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, self.key.der_bytes())
            .verify(&message, proof)
            .is_ok()
    }

    /// SHA-256 of the key's SubjectPublicKeyInfo, lower-case hexadecimal.
    pub fn key_hash(&self) -> &str {
        &self.key_hash
    }

    pub(super) fn key(&self) -> &SubjectPublicKeyInfo {
        &self.key
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P384_SHA384, SigningKey};

    use super::*;

    fn csr(key: &KeyPair) -> Vec<u8> {
        CertificateParams::default().serialize_request(key).unwrap().der().to_vec()
    }

    #[test]
    fn a_request_is_bound_to_its_nonce_and_its_own_bytes() {
        let key = KeyPair::generate().unwrap();
        let csr = csr(&key);
        let request = Request::parse(&csr).unwrap();
        let proof = key.sign(&[b"nonce", &Sha256::digest(&csr)[..]].concat()).unwrap();
        assert!(request.is_bound_to(b"nonce", &proof));
        assert!(!request.is_bound_to(b"other", &proof));
        let thief = KeyPair::generate().unwrap();
        let forged = thief.sign(&[b"nonce", &Sha256::digest(&csr)[..]].concat()).unwrap();
        assert!(!request.is_bound_to(b"nonce", &forged));
    }

    #[test]
    fn other_keys_long_damaged_and_forged_requests_are_told_apart() {
        let refused = |der: &[u8]| Request::parse(der).unwrap_err();
        let other = KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap();
        assert_eq!(refused(&csr(&other)), RequestError::Key);
        assert_eq!(refused(&[0; 5000]), RequestError::TooLong(4096));
        assert_eq!(refused(b"hola"), RequestError::Malformed);
        let mut forged = csr(&KeyPair::generate().unwrap());
        let last = forged.len() - 1;
        forged[last] ^= 1;
        assert_eq!(refused(&forged), RequestError::Signature);
    }
}
