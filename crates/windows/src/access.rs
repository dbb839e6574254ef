//! Access lists: what we make is for our user and the system alone, and belongs to our user.
//!
//! The owner is said each time, because what a process with all rights (elevated) makes would belong to the
//! administrators: our user, who is the boundary, could then not change it without them. What administrators own is
//! trusted all the same, as nobody else can make it so, and they may do everything anyway: files of the user from before,
//! or from another program that ran elevated.
#![expect(unsafe_code, reason = "security descriptors have no safe form")]

use std::{fs::File, io, os::windows::io::AsRawHandle, path::Path, ptr::null_mut};

use windows_sys::Win32::{
    Foundation::{
        ERROR_INVALID_FUNCTION, ERROR_NOT_SUPPORTED, ERROR_SUCCESS, GENERIC_READ, GENERIC_WRITE, LocalFree,
        WIN32_ERROR,
    },
    Security::{
        ACCESS_ALLOWED_ACE, ACL,
        Authorization::{
            ConvertStringSecurityDescriptorToSecurityDescriptorW, GetNamedSecurityInfoW, GetSecurityInfo,
            SDDL_REVISION_1, SE_FILE_OBJECT, SE_KERNEL_OBJECT, SE_OBJECT_TYPE,
        },
        DACL_SECURITY_INFORMATION, GetAce, GetSecurityDescriptorControl, INHERIT_ONLY_ACE,
        OWNER_SECURITY_INFORMATION, PROTECTED_DACL_SECURITY_INFORMATION, PSECURITY_DESCRIPTOR, PSID,
        SE_DACL_AUTO_INHERIT_REQ, SE_DACL_PROTECTED, SECURITY_ATTRIBUTES, SetKernelObjectSecurity,
        SetSecurityDescriptorControl,
    },
    Storage::FileSystem::{FILE_READ_ATTRIBUTES, READ_CONTROL, SYNCHRONIZE, WRITE_DAC},
};

use crate::{
    text::{check, wide},
    user,
};

/// The kinds of entries that let somebody in: plain ones, and those with a condition.
const ALLOWING: [u32; 2] = [0, 9];

/// What is asked of an object.
const ASKED: u32 = OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION;

/// How to open a file that is to be read and written, and to get another access list.
pub const CHANGE_ACCESS: u32 = GENERIC_READ | GENERIC_WRITE | WRITE_DAC;

/// Everybody, to whom a missing list gives all rights.
const EVERYBODY: &str = "S-1-1-0";

/// Whoever the owner is.
const OWNER_RIGHTS: &str = "S-1-3-4";

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
        let own = user::own()?;
        Self::from_text(&format!("O:{own}D:P(A;OICI;FA;;;{own})(A;OICI;FA;;;SY)"))
    }

    /// For a file: as for a folder.
    ///
    /// # Errors
    /// The user is not known, or the system refuses.
    pub fn for_file() -> io::Result<Self> {
        let own = user::own()?;
        Self::from_text(&format!("O:{own}D:P(A;;FA;;;{own})(A;;FA;;;SY)"))
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

/// Who has to do with a file or folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holders {
    /// Whom it belongs to.
    pub owner: String,
    /// Who may do something with it besides its owner, us, the system and its administrators.
    pub others: Vec<String>,
}

impl Holders {
    /// Whether nobody has to do with it but us and those who may do everything anyway.
    pub fn is_closed(&self) -> bool {
        self.is_owner_trusted() && self.others.is_empty()
    }

    /// Whether it belongs to us, or to those who may do everything anyway.
    pub fn is_owner_trusted(&self) -> bool {
        is_trusted(&self.owner)
    }
}

/// Asks the system who has to do with a file or folder.
///
/// # Errors
/// The system does not say.
pub fn holders(path: &Path) -> io::Result<Holders> {
    let path = wide(path)?;
    let read = |owner: &mut PSID, list: &mut *mut ACL, descriptor: &mut PSECURITY_DESCRIPTOR| {
        let (no_group, no_audit) = (null_mut(), null_mut());
        // SAFETY: the name ends in zero; what is asked for has a place.
        unsafe {
            let name = path.as_ptr();
            GetNamedSecurityInfoW(name, SE_FILE_OBJECT, ASKED, owner, no_group, list, no_audit, descriptor)
        }
    };
    held(read)
}

/// The same of an open pipe.
///
/// # Errors
/// The system does not say.
pub fn holders_of(pipe: &impl AsRawHandle) -> io::Result<Holders> {
    held_by_handle(pipe, SE_KERNEL_OBJECT)
}

/// The same of an open file.
///
/// # Errors
/// The system does not say.
pub fn holders_of_file(file: &File) -> io::Result<Holders> {
    held_by_handle(file, SE_FILE_OBJECT)
}

/// Gives a file the access list of another, entry by entry, and whether that takes part in the list of its folder. The
/// owner stays. `to` must have been opened with [`CHANGE_ACCESS`]. Without effect where the file system has no lists.
///
/// # Errors
/// The system refuses.
pub fn copy(from: &File, to: &File) -> io::Result<()> {
    let (mut list, mut descriptor) = (null_mut(), null_mut());
    let (no_owner, no_group, no_audit) = (null_mut(), null_mut(), null_mut());
    let asked = DACL_SECURITY_INFORMATION;
    let from = from.as_raw_handle();
    // SAFETY: the handle is open; what is asked for has a place.
    let code = unsafe {
        GetSecurityInfo(from, SE_FILE_OBJECT, asked, no_owner, no_group, &mut list, no_audit, &mut descriptor)
    };
    match code {
        ERROR_SUCCESS => {}
        ERROR_NOT_SUPPORTED | ERROR_INVALID_FUNCTION => return Ok(()),
        code => return Err(io::Error::from_raw_os_error(code as i32)),
    }
    // SAFETY: both handles are open. The descriptor is ours, and is freed after its last use.
    let result = unsafe {
        // Without this the system forgets which entries came from the folder.
        let _ = SetSecurityDescriptorControl(descriptor, SE_DACL_AUTO_INHERIT_REQ, SE_DACL_AUTO_INHERIT_REQ);
        let (mut control, mut revision) = (0, 0);
        let result =
            check(GetSecurityDescriptorControl(descriptor, &mut control, &mut revision)).and_then(|()| {
                let is_closed = control & SE_DACL_PROTECTED != 0;
                let flow = if is_closed { PROTECTED_DACL_SECURITY_INFORMATION } else { 0 };
                check(SetKernelObjectSecurity(to.as_raw_handle(), asked | flow, descriptor))
            });
        LocalFree(descriptor);
        result
    };
    match result.map_err(|error| (error.raw_os_error().map(|code| code as u32), error)) {
        Ok(()) | Err((Some(ERROR_NOT_SUPPORTED | ERROR_INVALID_FUNCTION), _)) => Ok(()),
        Err((_, error)) => Err(error),
    }
}

fn held_by_handle(object: &impl AsRawHandle, kind: SE_OBJECT_TYPE) -> io::Result<Holders> {
    let read = |owner: &mut PSID, list: &mut *mut ACL, descriptor: &mut PSECURITY_DESCRIPTOR| {
        let (no_group, no_audit) = (null_mut(), null_mut());
        // SAFETY: the handle is open; what is asked for has a place.
        unsafe {
            let handle = object.as_raw_handle();
            GetSecurityInfo(handle, kind, ASKED, owner, no_group, list, no_audit, descriptor)
        }
    };
    held(read)
}

/// What a call says that gives owner and list in a descriptor.
fn held(
    read: impl FnOnce(&mut PSID, &mut *mut ACL, &mut PSECURITY_DESCRIPTOR) -> WIN32_ERROR,
) -> io::Result<Holders> {
    let (mut owner, mut list, mut descriptor) = (null_mut(), null_mut(), null_mut());
    match read(&mut owner, &mut list, &mut descriptor) {
        ERROR_SUCCESS => {}
        code => return Err(io::Error::from_raw_os_error(code as i32)),
    }
    // SAFETY: owner and list lie in the descriptor, which is freed after they were read.
    unsafe {
        let found = user::text_of(owner).and_then(|owner| Ok(Holders { owner, others: listed(list)? }));
        LocalFree(descriptor);
        found
    }
}

/// Whom a list lets do more than know that there is something.
///
/// # Safety
/// The list is null, which lets in everybody, or valid.
unsafe fn listed(list: *const ACL) -> io::Result<Vec<String>> {
    /// Those who know no more than this are no danger.
    const HARMLESS: u32 = SYNCHRONIZE | READ_CONTROL | FILE_READ_ATTRIBUTES;
    let mut found = Vec::new();
    if list.is_null() {
        return Ok(vec![EVERYBODY.to_owned()]);
    }
    // SAFETY: the list is valid, and says how many entries it has; those of these two kinds begin as the structure does.
    unsafe {
        for at in 0..u32::from((*list).AceCount) {
            let mut entry = null_mut();
            check(GetAce(list, at, &mut entry))?;
            let entry = entry.cast::<ACCESS_ALLOWED_ACE>();
            let header = (*entry).Header;
            let lets_in = ALLOWING.contains(&u32::from(header.AceType));
            let is_for_here = u32::from(header.AceFlags) & INHERIT_ONLY_ACE == 0;
            if !lets_in || !is_for_here || (*entry).Mask & !HARMLESS == 0 {
                continue;
            }
            let who = user::text_of((&raw mut (*entry).SidStart).cast())?;
            if !is_trusted(&who) && who != OWNER_RIGHTS {
                found.push(who);
            }
        }
    }
    Ok(found)
}

fn is_trusted(identifier: &str) -> bool {
    identifier == user::SYSTEM
        || identifier == user::ADMINISTRATORS
        || user::own().is_ok_and(|own| own == identifier)
}

/// The descriptor of a pipe as text.
///
/// # Errors
/// The user is not known.
pub fn pipe_text() -> io::Result<String> {
    let own = user::own()?;
    Ok(format!("O:{own}D:P(A;;GA;;;{own})(A;;GA;;;SY)S:(ML;;NWNRNX;;;ME)"))
}
