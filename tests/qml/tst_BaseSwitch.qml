import QtQuick
import QtTest
import dev.ostler.app

TestCase {
    id: root

    name: "BaseSwitch"
    width: 200
    height: 100
    visible: true
    when: windowShown

    BaseSwitch {
        id: toggle

        label: "Notifications"
    }

    BaseCheckBox {
        id: box

        y: 40
        text: "api"
    }

    SignalSpy {
        id: toggles

        target: toggle
        signalName: "toggled"
    }

    function init() {
        toggle.enabled = true;
        toggle.checked = false;
        toggles.clear();
        toggle.forceActiveFocus(Qt.TabFocusReason);
    }

    function test_each_way_toggles_once_data() {
        return [
            {
                "tag": "Space",
                "act": () => keyClick(Qt.Key_Space)
            },
            {
                "tag": "Return",
                "act": () => keyClick(Qt.Key_Return)
            },
            {
                "tag": "mouse",
                "act": () => mouseClick(toggle)
            },
            {
                "tag": "reader presses",
                "act": () => toggle.Accessible.pressAction()
            },
            {
                "tag": "reader toggles",
                "act": () => toggle.Accessible.toggleAction()
            }
        ];
    }

    function test_each_way_toggles_once(data) {
        data.act();
        compare(toggles.count, 1);
        compare(toggle.checked, true);
        compare(toggle.Accessible.checked, true);
    }

    function test_off_means_off() {
        toggle.enabled = false;
        toggle.Accessible.toggleAction();
        mouseClick(toggle);
        compare(toggles.count, 0);
        compare(toggle.checked, false);
    }

    function test_names() {
        compare(toggle.Accessible.name, "Notifications");
        compare(box.Accessible.name, "api");
        verify(toggle.height >= 24, toggle.height);
        verify(box.height >= 24, box.height);
    }
}
