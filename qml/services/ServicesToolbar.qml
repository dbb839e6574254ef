import QtQuick
import QtQuick.Layouts
import dev.ostler.app

// Which services are listed.
Item {
    id: root

    required property Columns columns

    signal filterLeft

    implicitHeight: Metrics.toolbarHeight

    function focusFilter() {
        filter.forceActiveFocus(Qt.ShortcutFocusReason);
        filter.selectAll();
    }

    function clear() {
        filter.clear();
        ServicesModel.pick(ServicesModel.AllServices);
    }

    RowLayout {
        anchors.fill: parent
        anchors.leftMargin: root.columns.inset
        anchors.rightMargin: root.columns.inset
        spacing: Metrics.px(4)

        FilterField {
            id: filter

            Layout.fillWidth: root.columns.isCompact
            Layout.rightMargin: root.columns.isCompact ? Metrics.px(4) : Metrics.px(16)
            keyCap: "/"
            placeholderText: qsTr("Filter services")
            onTextChanged: ServicesModel.filterBy(text)
            onFinished: root.filterLeft()
        }

        ChipButton {
            text: qsTr("All")
            number: Supervisor.allCount
            checked: ServicesModel.chip === ServicesModel.AllServices
            onClicked: ServicesModel.pick(ServicesModel.AllServices)
        }

        ChipButton {
            visible: !root.columns.isCompact || Supervisor.attentionCount > 0
            text: root.columns.isCompact ? "" : qsTr("Needs attention")
            Accessible.name: Words.ofChip(qsTr("Needs attention"), number)
            number: Supervisor.attentionCount
            glyph: Glyphs.named("state-failed")
            glyphColor: Supervisor.attentionCount > 0 ? Theme.fail : Theme.idle
            checked: ServicesModel.chip === ServicesModel.NeedingAttention
            onClicked: ServicesModel.pick(ServicesModel.NeedingAttention)
        }

        ChipButton {
            visible: !root.columns.isCompact
            text: qsTr("Running")
            number: Supervisor.runningCount
            glyph: Glyphs.named("state-running")
            glyphColor: Theme.ok
            checked: ServicesModel.chip === ServicesModel.RunningOnes
            onClicked: ServicesModel.pick(ServicesModel.RunningOnes)
        }

        ChipButton {
            visible: !root.columns.isCompact
            text: qsTr("Busy")
            number: Supervisor.busyCount
            glyph: Glyphs.named("state-starting")
            glyphColor: Theme.busy
            checked: ServicesModel.chip === ServicesModel.BusyOnes
            onClicked: ServicesModel.pick(ServicesModel.BusyOnes)
        }

        ChipButton {
            visible: !root.columns.isCompact
            text: qsTr("Stopped")
            number: Supervisor.stoppedCount
            glyph: Glyphs.named("state-stopped")
            glyphColor: Theme.idle
            checked: ServicesModel.chip === ServicesModel.StoppedOnes
            onClicked: ServicesModel.pick(ServicesModel.StoppedOnes)
        }

        Item {
            Layout.fillWidth: !root.columns.isCompact
        }

        BaseButton {
            glyph: Glyphs.action("add")
            text: root.columns.isCompact ? "" : qsTr("Add service")
            hint: qsTr("Add a service to the configuration")
            Accessible.name: qsTr("Add service")
            onClicked: adding.begin()
        }

        BaseButton {
            id: more

            Layout.leftMargin: Metrics.px(4)
            isFlat: true
            opensMenu: true
            glyph: Glyphs.action("more")
            hint: qsTr("More for the list")
            onClicked: listMenu.popup(more, more.width - listMenu.implicitWidth, more.height + 4)
        }
    }

    ListMenu {
        id: listMenu

        columns: root.columns
    }

    AddServiceDialog {
        id: adding

        onAdded: ConfigDocument.openEditor(ConfigDocument.ReviewView, "")
    }
}
