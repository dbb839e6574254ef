import QtQuick
import dev.ostler.app

// Asks where the lines that are listed are written.
BaseDialog {
    id: root

    property alias path: field.text
    property string trouble: ""

    title: qsTr("Save the log as which file?")
    sentence: qsTr("The lines that are listed now are written, with their times and without colours.")
    verb: qsTr("Save log")
    isUndoable: true
    canConfirm: root.path.trim() !== ""

    onOpened: {
        field.forceActiveFocus(Qt.TabFocusReason);
        field.cursorPosition = field.length;
    }
    onRejected: root.trouble = ""

    BaseTextField {
        id: field

        width: parent.width
        isLarge: true
        label: qsTr("File")
        trouble: root.trouble
        onAccepted: if (root.canConfirm) {
            root.confirmed();
            root.accept();
        }
    }

    PlainText {
        width: parent.width
        visible: root.trouble !== ""
        text: root.trouble
        color: Theme.fail
        wrapMode: Text.Wrap
        elide: Text.ElideNone
    }
}
