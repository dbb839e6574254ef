pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Layouts
import dev.ostler.app

// What is looked for in a log and which lines are listed, and what can be done with them.
Rectangle {
    id: root

    required property LogModel logModel
    required property list<string> hidden
    readonly property bool isWrapped: Looks.isLogWrapped
    property bool isMatchesOnly: false
    readonly property alias needle: findField.text
    readonly property int level: root.levels[levelBox.currentIndex]
    readonly property bool isNarrowed: root.level !== LogModel.NoLevel || (root.isMatchesOnly && root.needle !== "")
    readonly property list<int> levels: [LogModel.NoLevel, LogModel.Debug, LogModel.Info, LogModel.Warn, LogModel.Error]
    readonly property bool isNarrow: root.width < Metrics.px(760)

    signal narrowed
    signal serviceWanted(string name, bool isWanted)
    signal followWanted
    signal copyWanted
    signal saveWanted
    signal finished

    function focusFind() {
        findField.forceActiveFocus(Qt.ShortcutFocusReason);
        findField.selectAll();
    }

    function clear() {
        findField.clear();
        levelBox.currentIndex = 0;
        root.isMatchesOnly = false;
        root.narrowed();
    }

    function isListed(name: string): bool {
        return !root.hidden.includes(name) && root.logModel.services.some(service => service.split("/")[0] === name);
    }

    implicitHeight: Metrics.toolbarHeight
    color: Theme.base

    RowLayout {
        anchors.fill: parent
        anchors.leftMargin: Metrics.inset
        anchors.rightMargin: Metrics.inset
        spacing: Metrics.gap

        FindField {
            id: findField

            Layout.preferredWidth: Metrics.px(256)
            Layout.minimumWidth: Metrics.px(160)
            Layout.fillWidth: root.isNarrow
            hit: root.logModel.hit
            hits: root.logModel.hits
            onTextChanged: root.narrowed()
            onStepWanted: isForward => root.logModel.step(isForward)
            onFinished: root.finished()
        }

        ToggleButton {
            isFlat: true
            isOn: root.isMatchesOnly
            glyph: Glyphs.action("filter")
            hint: qsTr("Only lines that match")
            onClicked: {
                root.isMatchesOnly = !root.isMatchesOnly;
                root.narrowed();
            }
        }

        BaseComboBox {
            id: levelBox

            Layout.preferredWidth: Metrics.px(root.isNarrow ? 96 : 148)
            label: qsTr("Level")
            model: [qsTr("all"), qsTr("debug and up"), qsTr("info and up"), qsTr("warn and up"), qsTr("error")]
            displayText: root.isNarrow ? currentText : qsTr("Level: %1").arg(currentText)
            onActivated: root.narrowed()
        }

        BaseButton {
            id: servicesButton

            Layout.maximumWidth: Metrics.px(220)
            visible: !root.isNarrow
            opensMenu: true
            text: root.logModel.services.length === 1 ? qsTr("Services: %1").arg(root.logModel.services[0]) : qsTr("Services: %1").arg(root.logModel.services.length)
            onClicked: servicesMenu.popup(servicesButton, 0, servicesButton.height + 4)
        }

        Item {
            Layout.fillWidth: !root.isNarrow
        }

        ToggleButton {
            text: root.isNarrow ? "" : qsTr("Follow")
            isOn: root.logModel.isFollowing
            glyph: Glyphs.action("follow")
            hint: root.logModel.isFollowing ? qsTr("New lines are shown as they come; scrolling up pauses") : qsTr("Show new lines as they come (End)")
            onClicked: {
                if (root.logModel.isFollowing)
                    root.logModel.pause();
                else
                    root.followWanted();
            }
        }

        ToggleButton {
            isFlat: true
            isOn: root.isWrapped
            glyph: Glyphs.action("wrap")
            hint: qsTr("Wrap long lines (Alt+Z)")
            onClicked: Looks.wrapLogs(!root.isWrapped)
        }

        BaseButton {
            isFlat: true
            enabled: root.logModel.count > 0
            glyph: Glyphs.action("copy")
            hint: qsTr("Copy the selected lines, or all")
            onClicked: root.copyWanted()
        }

        BaseButton {
            isFlat: true
            enabled: root.logModel.count > 0
            glyph: Glyphs.action("save")
            hint: qsTr("Save as a file…")
            onClicked: root.saveWanted()
        }
    }

    BaseMenu {
        id: servicesMenu

        Instantiator {
            model: root.logModel.known
            onObjectAdded: (index, item) => servicesMenu.insertItem(index, item as BaseMenuItem)
            onObjectRemoved: (index, item) => servicesMenu.removeItem(item as BaseMenuItem)

            delegate: BaseMenuItem {
                required property string modelData

                checkable: true
                checked: root.isListed(modelData)
                text: modelData
                onTriggered: root.serviceWanted(modelData, !root.isListed(modelData))
            }
        }
    }

    Rectangle {
        anchors.bottom: parent.bottom
        width: parent.width
        height: Metrics.lineWidth
        color: Theme.line
    }
}
