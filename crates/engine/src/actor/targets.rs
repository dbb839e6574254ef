//! Names that people type to the instances they mean: `api`, `api/1`, `ap*`, `group:backend`, `mode:advanced`.

use std::collections::BTreeSet;

use glob::Pattern;
use ostler_api::{ActionParams, ApiError, ErrorCode};
use ostler_core::{Fleet, InstanceId, ServiceName, Supervisor, Target};

use crate::state::parse_instance;

/// The targets of an action.
pub(super) fn of_action(supervisor: &Supervisor, params: &ActionParams) -> Result<Vec<Target>, ApiError> {
    let fleet = supervisor.fleet();
    let mut names: Vec<String> = params.service.iter().chain(&params.services).cloned().collect();
    names.extend(params.group.iter().map(|group| format!("group:{group}")));
    if params.all {
        return Ok(fleet.services.keys().cloned().map(Target::Service).collect());
    }
    if names.is_empty() {
        return Err(ApiError::new(ErrorCode::InvalidParams, "no service is named")
            .hint("give `service`, `services`, `group` or `all`"));
    }
    let mut targets = Vec::new();
    for name in &names {
        for target in resolve(supervisor, name)? {
            if !targets.contains(&target) {
                targets.push(target);
            }
        }
    }
    Ok(targets)
}

/// The instances that a name means; `None` means all.
pub(super) fn instances(supervisor: &Supervisor, name: Option<&str>) -> Result<Vec<InstanceId>, ApiError> {
    let all = || supervisor.instances().map(|instance| instance.id().clone());
    let Some(name) = name else { return Ok(all().collect()) };
    let targets = resolve(supervisor, name)?;
    Ok(all().filter(|id| targets.iter().any(|target| is_meant(target, id))).collect())
}

/// Whether a name means an instance.
pub(super) fn means(supervisor: &Supervisor, name: &str, id: &InstanceId) -> bool {
    resolve(supervisor, name).is_ok_and(|targets| targets.iter().any(|target| is_meant(target, id)))
}

/// Whether a target means an instance.
pub(super) fn is_meant(target: &Target, id: &InstanceId) -> bool {
    match target {
        Target::Service(service) => *service == id.service,
        Target::Instance(instance) => instance == id,
    }
}

fn resolve(supervisor: &Supervisor, name: &str) -> Result<Vec<Target>, ApiError> {
    let fleet = supervisor.fleet();
    let by = |is_meant: &dyn Fn(&ostler_core::ServiceSpec) -> bool| -> Vec<Target> {
        let meant = fleet.services.values().filter(|spec| is_meant(spec));
        meant.map(|spec| Target::Service(spec.name.clone())).collect()
    };
    let found = if let Some(group) = name.strip_prefix("group:") {
        by(&|spec| spec.group.as_deref() == Some(group))
    } else if let Some(mode) = name.strip_prefix("mode:") {
        if !fleet.modes.contains(mode) {
            return Err(unknown_mode(fleet, mode));
        }
        by(&|spec| spec.fits_mode(mode))
    } else if name.contains(['*', '?']) {
        let pattern = Pattern::new(name).map_err(|error| {
            ApiError::new(ErrorCode::InvalidParams, format!("{name:?} is no pattern: {}", error.msg))
        })?;
        by(&|spec| pattern.matches(spec.name.as_str()))
    } else if let Some(id) = parse_instance(name) {
        if supervisor.instance(&id).is_some() { vec![Target::Instance(id)] } else { Vec::new() }
    } else {
        by(&|spec| spec.name.as_str() == name)
    };
    if found.is_empty() { Err(unknown_service(fleet, name)) } else { Ok(found) }
}

/// The service of exactly this name.
pub(super) fn service(fleet: &Fleet, name: &str) -> Result<ServiceName, ApiError> {
    let found = fleet.services.keys().find(|service| service.as_str() == name);
    found.cloned().ok_or_else(|| unknown_service(fleet, name))
}

/// No such mode.
pub(super) fn unknown_mode(fleet: &Fleet, mode: &str) -> ApiError {
    let modes: Vec<_> = fleet.modes.iter().map(String::as_str).collect();
    ApiError::new(ErrorCode::UnknownMode, format!("there is no mode {mode:?}"))
        .hint(format!("the modes are: {}", modes.join(", ")))
}

fn unknown_service(fleet: &Fleet, name: &str) -> ApiError {
    let bare = name.split(':').next_back().unwrap_or(name);
    let bare = bare.split('/').next().unwrap_or(bare);
    let near = ostler_config::nearest(bare, fleet.services.keys().map(ServiceName::as_str));
    let groups: BTreeSet<_> = fleet.services.values().filter_map(|spec| spec.group.as_deref()).collect();
    let own = fleet.services.values().find(|spec| spec.name.as_str() == bare);
    let hint = match (own, near) {
        (Some(spec), _) => format!("{bare} has the instances 0 to {}", spec.instances.saturating_sub(1)),
        (None, Some(service)) => format!("did you mean {service}?"),
        (None, None) if name.starts_with("group:") => {
            format!("the groups are: {}", groups.into_iter().collect::<Vec<_>>().join(", "))
        }
        (None, None) if fleet.services.is_empty() => "no service is defined yet".to_owned(),
        (None, None) => {
            let names: Vec<_> = fleet.services.keys().take(12).map(ServiceName::as_str).collect();
            let more = fleet.services.len().saturating_sub(names.len());
            let more = if more == 0 { String::new() } else { format!(" and {more} more") };
            format!("the services are: {}{more}", names.join(", "))
        }
    };
    ApiError::new(ErrorCode::UnknownService, format!("there is no service {name:?}")).hint(hint)
}
