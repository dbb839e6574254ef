import QtQuick
import dev.ostler.app

// Why there are no lines.
EmptyState {
    id: root

    required property LogModel logModel
    property bool isNarrowed: false

    readonly property bool isUnreadable: root.logModel.progress === LogModel.Unreadable
    readonly property bool isReading: root.logModel.progress === LogModel.Reading

    signal clearWanted

    visible: root.logModel.count === 0 && (!root.isReading || App.link === App.Stale)
    title: root.isUnreadable ? qsTr("The log cannot be read") : root.isReading ? qsTr("No engine") : root.isNarrowed ? qsTr("No line matches") : qsTr("Nothing written yet")
    sentence: root.isUnreadable ? root.logModel.trouble : root.isReading ? App.linkReason : root.isNarrowed ? qsTr("%1 lines are kept; none of them is listed.").arg(root.logModel.linesText) : qsTr("What the service writes to its output appears here at once.")
    step: root.isNarrowed && !root.isUnreadable && !root.isReading ? qsTr("List all lines") : ""
    onStepTaken: root.clearWanted()
}
