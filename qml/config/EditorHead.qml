import QtQuick
import QtQuick.Layouts
import dev.ostler.app

// Which file, in which form, and what can be done with it.
Rectangle {
    id: root

    property int view: ConfigDocument.TextView
    property bool canUndo: false
    property bool canRedo: false
    readonly property bool isText: root.view === ConfigDocument.TextView
    readonly property bool isReview: root.view === ConfigDocument.ReviewView
    readonly property bool isWide: root.width >= Metrics.px(960)
    readonly property bool canSave: root.saveTrouble === ""
    readonly property string saveTrouble: root.troubleOf()

    signal viewWanted(int view)
    signal undoWanted
    signal redoWanted
    signal findWanted
    signal cancelWanted
    signal saveWanted

    function troubleOf(): string {
        if (!ConfigDocument.isLoaded)
            return qsTr("Save is off: the file has not been read.");
        if (ConfigDocument.errorCount > 0)
            return ConfigDocument.errorCount === 1 ? qsTr("Save is off: 1 problem.") : qsTr("Save is off: %1 problems.").arg(ConfigDocument.errorCount);
        if (ConfigDocument.disk === ConfigDocument.ChangedOnDisk || ConfigDocument.disk === ConfigDocument.GoneFromDisk)
            return qsTr("Save is off: the file changed on disk.");
        if (!ConfigDocument.isDirty)
            return qsTr("Save is off: nothing is changed.");
        if (ConfigDocument.isSaving)
            return qsTr("Save is off: it is being written.");
        return "";
    }

    function diskWord(): string {
        switch (ConfigDocument.disk) {
        case ConfigDocument.ChangedOnDisk:
            return qsTr("changed on disk at %1").arg(ConfigDocument.diskTime);
        case ConfigDocument.GoneFromDisk:
            return qsTr("gone from disk since %1").arg(ConfigDocument.diskTime);
        case ConfigDocument.NotOnDisk:
            return qsTr("not on disk yet");
        default:
            if (ConfigDocument.savedTime !== "")
                return qsTr("saved at %1").arg(ConfigDocument.savedTime);
            return qsTr("on disk unchanged since %1").arg(ConfigDocument.diskTime);
        }
    }

    implicitHeight: Metrics.headerHeight
    color: Theme.chrome

    RowLayout {
        anchors.fill: parent
        anchors.leftMargin: Metrics.inset
        anchors.rightMargin: Metrics.px(12)
        spacing: Metrics.gap

        Column {
            Layout.fillWidth: true
            Layout.minimumWidth: Metrics.px(120)
            spacing: Metrics.px(2)

            Row {
                spacing: Metrics.px(4)

                PlainText {
                    text: ConfigDocument.name
                    font: Metrics.headline
                    Accessible.role: Accessible.Heading
                }

                PlainText {
                    anchors.verticalCenter: parent.verticalCenter
                    visible: ConfigDocument.isDirty
                    //: The file was changed here and not saved yet
                    text: qsTr("(edited)")
                    color: Theme.text2
                }
            }

            PlainText {
                width: parent.width
                elide: Text.ElideMiddle
                text: ConfigDocument.isLoaded ? ConfigDocument.path + ", " + root.diskWord() : ConfigDocument.path
                font: Metrics.small
                color: Theme.text2
            }
        }

        ChoiceButton {
            //: The configuration as text, not as a form
            text: qsTr("Text")
            checked: root.isText
            onClicked: root.viewWanted(ConfigDocument.TextView)
        }

        ChoiceButton {
            //: The configuration as a form, not as text
            text: qsTr("Form")
            checked: root.view === ConfigDocument.FormView
            onClicked: root.viewWanted(ConfigDocument.FormView)
        }

        BaseButton {
            visible: root.isText
            isFlat: true
            enabled: root.canUndo
            glyph: Glyphs.action("undo")
            hint: qsTr("Undo (Ctrl+Z)")
            onClicked: root.undoWanted()
        }

        BaseButton {
            visible: root.isText
            isFlat: true
            enabled: root.canRedo
            glyph: Glyphs.action("redo")
            hint: qsTr("Redo (Ctrl+Shift+Z)")
            onClicked: root.redoWanted()
        }

        BaseButton {
            visible: root.isText
            isFlat: true
            glyph: Glyphs.action("search")
            hint: qsTr("Find (Ctrl+F)")
            onClicked: root.findWanted()
        }

        BaseButton {
            isFlat: true
            glyph: Glyphs.action("history")
            hint: qsTr("Earlier versions")
            onClicked: root.viewWanted(root.view === ConfigDocument.HistoryView ? ConfigDocument.TextView : ConfigDocument.HistoryView)
        }

        BaseButton {
            Layout.leftMargin: Metrics.px(12)
            isFlat: true
            glyph: Glyphs.action("open")
            text: root.isWide ? qsTr("Open in Editor") : ""
            hint: qsTr("Open the file on disk in the editor of the system")
            onClicked: Qt.openUrlExternally("file://" + ConfigDocument.path)
        }

        BaseButton {
            text: root.view > ConfigDocument.FormView ? qsTr("Back") : ConfigDocument.isDirty ? qsTr("Cancel") : qsTr("Close")
            hint: root.view > ConfigDocument.FormView ? qsTr("Back to the text (Esc)") : qsTr("Leave the editor (Esc)")
            onClicked: root.cancelWanted()
        }

        BaseButton {
            isPrimary: true
            enabled: root.canSave
            text: root.isReview ? qsTr("Write it") : qsTr("Save…")
            hint: root.canSave ? root.isReview ? qsTr("Write these changes (Ctrl+S)") : qsTr("See the changes, then write them (Ctrl+S)") : root.saveTrouble
            onClicked: root.saveWanted()
        }
    }

    Rectangle {
        anchors.bottom: parent.bottom
        width: parent.width
        height: Metrics.lineWidth
        color: Theme.line
    }
}
