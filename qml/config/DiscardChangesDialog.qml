import QtQuick
import dev.ostler.app

// Asked before changes are forgotten.
BaseDialog {
    id: root

    readonly property int lines: ConfigDocument.addedCount + ConfigDocument.removedCount

    signal discarded

    title: root.lines === 1 ? qsTr("Discard 1 changed line?") : qsTr("Discard %1 changed lines?").arg(root.lines)
    sentence: qsTr("The file on disk stays as it is.")
    verb: qsTr("Discard")
    cancelText: qsTr("Go on editing")
    onConfirmed: root.discarded()
}
