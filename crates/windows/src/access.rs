//! Access lists: what we make is for our user and the system alone.
#![expect(unsafe_code, reason = "security descriptors have no safe form")]

use std::{io, ptr::null_mut};

use windows_sys::Win32::{
    Foundation::LocalFree,
    Security::{
        Authorization::{ConvertStringSecurityDescriptorToSecurityDescriptorW, SDDL_REVISION_1},
        PSECURITY_DESCRIPTOR, SECURITY_ATTRIBUTES,
    },
};

use crate::{
    text::{check, wide},
    user,
};

/// Who may do what with an object.
#[derive(Debug)]
pub struct Descriptor(PSECURITY_DESCRIPTOR);

// SAFETY: the descriptor is plain memory that is not changed after it was made.
unsafe impl Send for Descriptor {}
// SAFETY: as above.
unsafe impl Sync for Descriptor {}

impl Descriptor {
    /// For a pipe: our user and the system, and nobody of lower integrity.
    ///
    /// # Errors
    /// The user is not known, or the system refuses.
    pub fn for_pipe() -> io::Result<Self> {
        Self::from_text(&pipe_text()?)
    }

    /// For a folder and what will be in it: our user and the system, whatever the folder above says.
    ///
    /// # Errors
    /// The user is not known, or the system refuses.
    pub fn for_folder() -> io::Result<Self> {
        Self::from_text(&format!("D:P(A;OICI;FA;;;{})(A;OICI;FA;;;SY)", user::own()?))
    }

    /// For a file: as for a folder.
    ///
    /// # Errors
    /// The user is not known, or the system refuses.
    pub fn for_file() -> io::Result<Self> {
        Self::from_text(&format!("D:P(A;;FA;;;{})(A;;FA;;;SY)", user::own()?))
    }

    fn from_text(text: &str) -> io::Result<Self> {
        let (text, mut descriptor) = (wide(text)?, null_mut());
        // SAFETY: the text ends in zero; the descriptor is freed when this is dropped.
        check(unsafe {
            ConvertStringSecurityDescriptorToSecurityDescriptorW(
                text.as_ptr(),
                SDDL_REVISION_1,
                &mut descriptor,
                null_mut(),
            )
        })?;
        Ok(Self(descriptor))
    }

    /// The form in which calls that make objects take it; valid as long as the descriptor.
    pub fn attributes(&self, is_inheritable: bool) -> SECURITY_ATTRIBUTES {
        SECURITY_ATTRIBUTES {
            nLength: size_of::<SECURITY_ATTRIBUTES>() as u32,
            lpSecurityDescriptor: self.0,
            bInheritHandle: is_inheritable.into(),
        }
    }
}

impl Drop for Descriptor {
    fn drop(&mut self) {
        // SAFETY: it was allocated by the conversion and is not used any more.
        unsafe { LocalFree(self.0) };
    }
}

/// The descriptor of a pipe as text.
///
/// # Errors
/// The user is not known.
pub fn pipe_text() -> io::Result<String> {
    Ok(format!("D:P(A;;GA;;;{})(A;;GA;;;SY)S:(ML;;NWNRNX;;;ME)", user::own()?))
}
