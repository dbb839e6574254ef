pragma Singleton
import QtQuick
import dev.ostler.app

// Words for what Rust says as codes.
QtObject {
    id: root

    function ofState(state: int): string {
        switch (state) {
        case ServicesModel.Failed:
            //: State of a service: given up
            return qsTr("Failed");
        case ServicesModel.Backoff:
            //: State of a service: waits before the next try
            return qsTr("Backoff");
        case ServicesModel.Degraded:
            //: State of a service: runs but does not answer
            return qsTr("Degraded");
        case ServicesModel.Stopping:
            //: State of a service
            return qsTr("Stopping");
        case ServicesModel.Starting:
            //: State of a service
            return qsTr("Starting");
        case ServicesModel.Running:
            //: State of a service
            return qsTr("Running");
        case ServicesModel.Completed:
            //: State of a service: a task that ended with success
            return qsTr("Completed");
        case ServicesModel.Stopped:
            //: State of a service
            return qsTr("Stopped");
        case ServicesModel.Disabled:
            //: State of a service: stopped, and not started with the supervisor
            return qsTr("Disabled");
        default:
            //: State of a service: nobody knows
            return qsTr("Unknown");
        }
    }

    function isLoud(state: int): bool {
        return state === ServicesModel.Failed || state === ServicesModel.Backoff || state === ServicesModel.Degraded;
    }

    function ofPending(pending: int): string {
        switch (pending) {
        case ServicesModel.StartSent:
            return qsTr("Start sent");
        case ServicesModel.StopSent:
            return qsTr("Stop sent");
        case ServicesModel.RestartSent:
            return qsTr("Restart sent");
        case ServicesModel.SomethingSent:
            return qsTr("Command sent");
        default:
            return "";
        }
    }

    function ofFit(fit: int, port: int): string {
        switch (fit) {
        case ServicesModel.StartFits:
            return qsTr("Start");
        case ServicesModel.RestartFits:
            return qsTr("Restart");
        case ServicesModel.RestartNowFits:
            return qsTr("Restart now");
        case ServicesModel.UsePortFits:
            return qsTr("Use port %1").arg(port);
        default:
            return "";
        }
    }

    function ofPortChange(): string {
        return qsTr("Writes the free port into the configuration and starts the service");
    }

    function ofStep(step: int, service: string, port: int): string {
        switch (step) {
        case Detail.StartAgain:
            return qsTr("Start again");
        case Detail.RestartIt:
            return qsTr("Restart");
        case Detail.RestartNow:
            return qsTr("Restart now");
        case Detail.UsePort:
            return qsTr("Use port %1").arg(port);
        case Detail.AskProbes:
            return qsTr("Ask its probes now");
        case Detail.OpenService:
            return qsTr("Show %1").arg(service);
        case Detail.ShowLog:
            return qsTr("Show log");
        case Detail.ShowIncident:
            return qsTr("Show incident");
        default:
            return "";
        }
    }

    function ofLevel(level: int): string {
        //: How bad a line of a log is, as programs write it
        const words = ["", qsTr("trace"), qsTr("debug"), qsTr("info"), qsTr("warn"), qsTr("error")];
        return words[level];
    }

    function ofLogLine(time: string, source: string, level: int, text: string): string {
        return [time, source, root.ofLevel(level), text].filter(part => part !== "").join(" ");
    }

    function ofLogNote(kind: int, number: string, detail: string, source: string, time: string): string {
        const whose = source === "" ? "" : source + ": ";
        switch (kind) {
        case LogModel.RunStarted:
            return whose + qsTr("Run %1 started at %2, pid %3").arg(number).arg(time).arg(detail);
        case LogModel.RunEnded:
        case LogModel.RunFailed:
            return whose + qsTr("Run %1 ended at %2: %3").arg(number).arg(time).arg(detail);
        case LogModel.Dropped:
            return whose + (number === "1" ? qsTr("1 line dropped here: %1").arg(detail) : qsTr("%1 lines dropped here: %2").arg(number).arg(detail));
        case LogModel.Missed:
            return number === "0" ? qsTr("Older lines are not shown here: more was written than is read at once") : qsTr("%1 lines are not shown here: they came faster than they can be read").arg(number);
        default:
            return whose + detail;
        }
    }

    function ofChart(measure: string, present: string, least: string, most: string, hasFigures: bool, range: string, restarts: int): string {
        if (!hasFigures)
            return qsTr("%1: nothing measured in %2").arg(measure).arg(range);
        const course = qsTr("%1 %2, between %3 and %4 in %5").arg(measure).arg(present).arg(least).arg(most).arg(range);
        if (restarts === 0)
            return course;
        return restarts === 1 ? qsTr("%1, 1 restart").arg(course) : qsTr("%1, %2 restarts").arg(course).arg(restarts);
    }

    function ofEvents(isEnabled: bool, subscribers: int): string {
        if (!isEnabled)
            return qsTr("disabled");
        if (subscribers === 0)
            return qsTr("No subscribers");
        return subscribers === 1 ? qsTr("Active (1 subscriber)") : qsTr("Active (%1 subscribers)").arg(subscribers);
    }

    function ofChip(chip: string, services: int): string {
        return services === 1 ? qsTr("%1, 1 service").arg(chip) : qsTr("%1, %2 services").arg(chip).arg(services);
    }

    function ofRow(name: string, state: int, why: string, group: string): string {
        let parts = [name, root.ofState(state)];
        if (why !== "")
            parts.push(why);
        if (group !== "")
            parts.push(qsTr("group %1").arg(group));
        return parts.join(", ");
    }
}
