import QtQuick
import QtQuick.Layouts
import dev.ostler.app

// The buttons at the end of a row: the fitting one, those that come with the pointer or the keyboard, the menu.
RowLayout {
    id: root

    required property RowFacts row
    property bool areShown: false
    property bool takesTab: false
    // Beside what is opened there is no room for more than the menu.
    property bool isTight: false

    signal menuWanted(Item anchor)

    spacing: Metrics.px(2)

    component RowButton: BaseButton {
        isSmall: true
        isFlat: true
        visible: enabled && !root.isTight
        opacity: root.areShown ? 1 : 0
        focusPolicy: root.takesTab ? Qt.TabFocus : Qt.NoFocus
        Layout.preferredWidth: Metrics.smallControl
    }

    PlainText {
        Layout.rightMargin: Metrics.gap
        visible: root.row.pending !== ServicesModel.NothingSent
        text: Words.ofPending(root.row.pending)
        color: Theme.text2
    }

    RowButton {
        enabled: root.row.url !== ""
        glyph: Glyphs.action("open")
        hint: qsTr("Open %1").arg(root.row.address)
        onClicked: Actions.run(Actions.OpenUrl, root.row.name)
    }

    RowButton {
        enabled: root.row.canRestart && root.row.fit !== ServicesModel.RestartFits && root.row.fit !== ServicesModel.RestartNowFits
        glyph: Glyphs.action("restart")
        hint: qsTr("Restart %1").arg(root.row.name)
        onClicked: Actions.run(Actions.Restart, root.row.name)
    }

    RowButton {
        enabled: root.row.canStop
        glyph: Glyphs.action("stop")
        hint: qsTr("Stop %1").arg(root.row.name)
        onClicked: Actions.run(Actions.Stop, root.row.name)
    }

    RowButton {
        enabled: root.row.canStart && root.row.fit !== ServicesModel.StartFits
        glyph: Glyphs.action("start")
        hint: qsTr("Start %1").arg(root.row.name)
        onClicked: Actions.run(Actions.Start, root.row.name)
    }

    BaseButton {
        Layout.leftMargin: Metrics.px(2)
        visible: root.row.fit !== ServicesModel.NothingFits && !root.isTight
        isSmall: true
        text: Words.ofFit(root.row.fit, root.row.freePort)
        focusPolicy: root.takesTab ? Qt.TabFocus : Qt.NoFocus
        Accessible.name: qsTr("%1 %2").arg(text).arg(root.row.name)
        Accessible.description: root.row.fit === ServicesModel.UsePortFits ? Words.ofPortChange() : ""
        onClicked: {
            if (root.row.fit === ServicesModel.UsePortFits)
                Actions.useFreePort(root.row.name);
            else if (root.row.fit === ServicesModel.StartFits)
                Actions.run(Actions.Start, root.row.name);
            else
                Actions.run(Actions.Restart, root.row.name);
        }
    }

    BaseButton {
        id: more

        Layout.leftMargin: Metrics.px(2)
        Layout.preferredWidth: Metrics.smallControl
        isSmall: true
        isFlat: true
        opensMenu: true
        glyph: Glyphs.action("more")
        glyphColor: Theme.text2
        hint: qsTr("More for %1").arg(root.row.name)
        focusPolicy: root.takesTab ? Qt.TabFocus : Qt.NoFocus
        onClicked: root.menuWanted(more)
    }
}
