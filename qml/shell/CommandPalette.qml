pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Templates as T
import dev.ostler.app

// Everything that can be done, found by some of its letters. What is off is listed with its reason.
T.Popup {
    id: root

    property string current: ""
    readonly property int found: results.count > 0 ? results.value(0, "found") : 0
    readonly property int total: results.count > 0 ? results.value(0, "total") : 0
    readonly property int rowsMax: 8

    parent: T.Overlay.overlay
    x: Math.round((parent.width - width) / 2)
    y: Metrics.px(parent.height < Metrics.px(560) ? 24 : 72)
    width: parent.width < Metrics.px(700) ? parent.width - Metrics.px(32) : Metrics.px(640)
    height: contentItem.implicitHeight + topPadding + bottomPadding
    padding: Metrics.gap
    modal: true
    dim: true
    focus: true
    closePolicy: T.Popup.CloseOnEscape | T.Popup.CloseOnPressOutside

    onAboutToShow: {
        field.clear();
        Actions.search("", root.current);
    }
    onOpened: field.forceActiveFocus(Qt.ShortcutFocusReason)

    // Runs what is chosen; what is off stays.
    function run(staysOpen: bool) {
        const line = list.currentItem as PaletteRow;
        if (!line || !line.isOn)
            return;
        const action = line.action;
        const service = line.service;
        if (!staysOpen)
            root.close();
        Actions.run(action, service);
    }

    T.Overlay.modal: Rectangle {
        color: Theme.scrim
    }

    Records {
        id: results

        source: "palette"
        isActive: root.visible
    }

    contentItem: Column {
        spacing: 0

        T.TextField {
            id: field

            width: parent.width
            height: Metrics.px(40)
            leftPadding: Metrics.px(40)
            rightPadding: count.width + Metrics.px(24)
            font: Metrics.entry
            color: Theme.text
            selectionColor: Theme.accentFill
            selectedTextColor: Theme.accentInk
            verticalAlignment: TextInput.AlignVCenter
            selectByMouse: true
            maximumLength: 200

            Accessible.role: Accessible.ComboBox
            Accessible.name: qsTr("Search or run")
            Accessible.description: count.text
            Accessible.editable: true

            onTextChanged: {
                Actions.search(text, root.current);
                list.currentIndex = 0;
            }

            Keys.onDownPressed: list.incrementCurrentIndex()
            Keys.onUpPressed: list.decrementCurrentIndex()
            Keys.onPressed: event => {
                if (event.key === Qt.Key_PageDown)
                    list.currentIndex = Math.min(list.count - 1, list.currentIndex + root.rowsMax);
                else if (event.key === Qt.Key_PageUp)
                    list.currentIndex = Math.max(0, list.currentIndex - root.rowsMax);
                else if (event.key === Qt.Key_Return || event.key === Qt.Key_Enter)
                    root.run(event.modifiers & Qt.ControlModifier);
                else
                    return;
                event.accepted = true;
            }

            PlainText {
                anchors.fill: parent
                anchors.leftMargin: field.leftPadding
                visible: field.text === "" && field.preeditText === ""
                text: qsTr("Search or run")
                font: field.font
                color: Theme.text3
                Accessible.ignored: true
            }

            Glyph {
                x: Metrics.px(12)
                anchors.verticalCenter: parent.verticalCenter
                source: Glyphs.action("search")
                color: Theme.text2
            }

            PlainText {
                id: count

                anchors.right: parent.right
                anchors.rightMargin: Metrics.px(12)
                anchors.verticalCenter: parent.verticalCenter
                text: root.found === 0 ? results.progress === Records.Ready ? qsTr("nothing fits") : "" : qsTr("%1 of %2").arg(root.found).arg(root.total)
                font: Metrics.small
                color: Theme.text2
            }
        }

        Rectangle {
            width: parent.width
            height: Metrics.lineWidth
            color: Theme.line
        }

        ListView {
            id: list

            width: parent.width
            height: Math.min(contentHeight + topMargin + bottomMargin, Metrics.px(40) * root.rowsMax + 2 * topMargin, (root.parent ? root.parent.height : 0) - root.y - Metrics.px(120))
            topMargin: Metrics.px(6)
            bottomMargin: Metrics.px(6)
            clip: true
            model: results
            currentIndex: 0
            // Lines made ahead would be made while others go, and Qt then asks for some that are gone.
            cacheBuffer: 0
            highlightMoveDuration: 0
            boundsBehavior: Flickable.StopAtBounds

            Accessible.role: Accessible.List
            Accessible.name: qsTr("Results")

            T.ScrollBar.vertical: BaseScrollBar {
            }

            delegate: PaletteRow {
                width: list.width
                isCurrent: ListView.isCurrentItem
                onPicked: {
                    list.currentIndex = index;
                    root.run(false);
                }
            }
        }

        Rectangle {
            width: parent.width
            height: Metrics.lineWidth
            color: Theme.line
        }

        Row {
            height: Metrics.px(32)
            leftPadding: Metrics.px(12)
            spacing: Metrics.gap

            component Tip: Row {
                property alias keys: cap.text
                property alias text: word.text

                height: parent.height
                spacing: Metrics.px(6)

                KeyCap {
                    id: cap

                    anchors.verticalCenter: parent.verticalCenter
                }

                PlainText {
                    id: word

                    anchors.verticalCenter: parent.verticalCenter
                    rightPadding: Metrics.gap
                    font: Metrics.small
                    color: Theme.text2
                    Accessible.ignored: true
                }
            }

            Tip {
                keys: "↑ ↓"
                text: qsTr("choose")
            }

            Tip {
                keys: qsTr("Enter")
                text: qsTr("run")
            }

            Tip {
                keys: qsTr("Ctrl Enter")
                text: qsTr("run, stay open")
            }

            Tip {
                keys: qsTr("Esc")
                text: qsTr("close")
            }
        }
    }

    background: Rectangle {
        radius: Metrics.popupRadius
        color: Theme.raised
        border.width: Metrics.lineWidth
        border.color: Theme.border
    }
}
