//! Pipes, folders and files are for our user on this machine.

use std::{
    fs::{self, File},
    io::{ErrorKind, Write},
    os::windows::fs::OpenOptionsExt,
};

use crate::{
    access, files,
    pipe::{self, Direction, Instance, Use},
    process, user,
};

#[test]
fn the_name_of_a_pipe_has_the_user_and_a_random_part_that_is_new_each_time() {
    let (one, two) = (pipe::random(), pipe::random());
    assert_ne!(one, two);
    assert_eq!(one.len(), 32);
    let own = user::own().unwrap();
    assert!(own.starts_with("S-1-5-"), "{own}");
    assert_eq!(pipe::name(&one).unwrap(), format!(r"\\.\pipe\ostler-{own}-{one}"));
}

#[test]
fn a_pipe_lets_in_us_and_the_system_alone() {
    let own = user::own().unwrap();
    let text = access::pipe_text().unwrap();
    assert_eq!(text, format!("O:{own}D:P(A;;GA;;;{own})(A;;GA;;;SY)S:(ML;;NWNRNX;;;ME)"));
    let name = pipe::name(&pipe::random()).unwrap();
    let server = pipe::serve(&name, Direction::Both, Instance::First).unwrap();
    let holders = access::holders_of(&server).unwrap();
    assert_eq!((holders.owner, holders.others), (own, Vec::new()));
}

#[test]
fn the_first_instance_of_a_name_that_somebody_has_is_refused() {
    let name = pipe::name(&pipe::random()).unwrap();
    let first = pipe::serve(&name, Direction::Both, Instance::First).unwrap();
    assert!(pipe::serve(&name, Direction::Both, Instance::First).is_err());
    let further = pipe::serve(&name, Direction::Both, Instance::Further).unwrap();
    drop((first, further));
    assert!(pipe::serve(&name, Direction::Both, Instance::First).is_ok());
}

#[test]
fn a_pipe_that_has_one_instance_takes_one_client() {
    let name = pipe::name(&pipe::random()).unwrap();
    let _server = pipe::serve(&name, Direction::Both, Instance::Only).unwrap();
    assert!(pipe::serve(&name, Direction::Both, Instance::Further).is_err());
    let client = pipe::open(&name, Direction::Both, Use::Asynchronous).unwrap();
    let second = pipe::open(&name, Direction::Both, Use::Asynchronous).unwrap_err();
    assert!(pipe::is_busy(&second), "{second}");
    assert_eq!(pipe::server(&client).unwrap(), std::process::id());
    assert!(pipe::is_served_by_us(&client).unwrap());
}

#[test]
fn the_network_does_not_lead_to_a_pipe() {
    let name = pipe::name(&pipe::random()).unwrap();
    let server = pipe::serve(&name, Direction::Both, Instance::First).unwrap();
    let from_afar = name.replace(r"\\.\", r"\\127.0.0.1\");
    assert!(pipe::open(&from_afar, Direction::Both, Use::Asynchronous).is_err());
    assert!(pipe::open(&name, Direction::Both, Use::Asynchronous).is_ok());
    drop(server);
}

#[test]
fn what_announces_a_pipe_names_one_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("control.sock");
    assert_eq!(pipe::announced(&path).unwrap_err().kind(), ErrorKind::NotFound);
    let (first, second) = (pipe::random(), pipe::random());
    for random in [&first, &second] {
        pipe::announce(&path, random).unwrap();
        assert_eq!(&pipe::announced(&path).unwrap(), random);
    }
    let names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|it| it.unwrap().file_name()).collect();
    assert_eq!(names, ["control.sock"], "no draft is left");
    for text in ["", "..", "x".repeat(33).as_str(), &first[1..], &format!("{first}0")] {
        fs::write(&path, text).unwrap();
        assert_eq!(pipe::announced(&path).unwrap_err().kind(), ErrorKind::InvalidData, "{text}");
    }
}

#[test]
fn a_folder_and_a_file_of_ours_are_closed_to_others() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("ours");
    files::create_private_folder(&folder).unwrap();
    assert_eq!(files::create_private_folder(&folder).unwrap_err().kind(), ErrorKind::AlreadyExists);
    let holders = access::holders(&folder).unwrap();
    assert!(holders.is_closed(), "{holders:?}");
    assert_eq!(holders.owner, user::own().unwrap());
    let path = folder.join("key");
    let mut file = files::create_private_file(&path).unwrap();
    file.write_all(b"secret").unwrap();
    assert_eq!(files::create_private_file(&path).unwrap_err().kind(), ErrorKind::AlreadyExists);
    assert_eq!(fs::read(&path).unwrap(), b"secret");
    let holders = access::holders(&path).unwrap();
    assert!(holders.is_closed() && holders.owner == user::own().unwrap(), "{holders:?}");
    assert_eq!(access::holders_of_file(&File::open(&path).unwrap()).unwrap(), holders);
}

#[test]
fn a_file_gets_the_access_list_of_another() {
    let home = tempfile::tempdir().unwrap();
    let (private, usual) = (home.path().join("private"), home.path().join("usual"));
    drop(files::create_private_file(&private).unwrap());
    let mut options = File::options();
    let to = options.access_mode(access::CHANGE_ACCESS).create_new(true).write(true).open(&usual).unwrap();
    access::copy(&File::open(&private).unwrap(), &to).unwrap();
    assert!(access::holders_of_file(&to).unwrap().is_closed());
    assert!(access::holders(&usual).unwrap().is_closed());
}

#[test]
fn a_lock_aside_keeps_others_who_lock_out_and_readers_in() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("file");
    fs::write(&path, "text").unwrap();
    let open = || File::options().read(true).write(true).open(&path).unwrap();
    let first = open();
    files::try_lock_aside(&first).unwrap();
    assert_eq!(files::try_lock_aside(&open()).unwrap_err().kind(), ErrorKind::WouldBlock);
    assert!(open().try_lock().is_err(), "nor the whole file");
    assert_eq!(fs::read_to_string(&path).unwrap(), "text");
    drop(first);
    let whole = open();
    whole.try_lock().unwrap();
    assert_eq!(files::try_lock_aside(&open()).unwrap_err().kind(), ErrorKind::WouldBlock);
}

#[test]
fn a_file_that_others_may_read_is_told_with_who_they_are() {
    let windows = std::env::var("SystemRoot").unwrap();
    let holders = access::holders(std::path::Path::new(&windows)).unwrap();
    assert!(!holders.others.is_empty(), "{holders:?}");
    let missing = access::holders(&std::path::Path::new(&windows).join("not-there"));
    assert_eq!(missing.unwrap_err().kind(), ErrorKind::NotFound);
}

#[test]
fn users_have_names_and_strangers_only_their_number() {
    let own = user::name(&user::own().unwrap());
    assert!(!own.starts_with("S-1-"), "{own}");
    let nobody = "S-1-5-21-1-2-3-4711";
    assert_eq!(user::name(nobody), nobody);
    assert_eq!(user::name("nonsense"), "nonsense");
    assert!(user::is_trusted(std::process::id()));
    assert!(!user::is_trusted(u32::MAX));
}

#[test]
fn two_names_of_one_file_are_the_same_and_two_files_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    fs::write(&one, "x").unwrap();
    fs::write(&two, "x").unwrap();
    let identity = |path| files::identity(&File::open(path).unwrap()).unwrap();
    assert_eq!(identity(&one), identity(&one));
    assert_ne!(identity(&one), identity(&two));
    assert!(files::free_bytes(&one).is_some_and(|bytes| bytes > 0));
    assert!(process::all().iter().any(|entry| entry.pid == std::process::id()));
}
