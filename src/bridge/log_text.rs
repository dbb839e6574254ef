//! The text of one log line, drawn as it is.
//!
//! Qt's own labels know colours only as markup, which foreign text must never be, and cannot mark what is looked
//! for; this one takes the parts and their colours beside the text.

use std::pin::Pin;

use cxx_qt::CxxQtType;
use cxx_qt_lib::{QColor, QFont, QList, QPainter, QRect, QString, QStringList};

use super::put;

#[cxx_qt::bridge]
pub(crate) mod ffi {
    unsafe extern "C++" {
        include!("cxx-qt-lib/qstring.h");
        type QString = cxx_qt_lib::QString;
        include!("cxx-qt-lib/qstringlist.h");
        type QStringList = cxx_qt_lib::QStringList;
        include!("cxx-qt-lib/qcolor.h");
        type QColor = cxx_qt_lib::QColor;
        include!("cxx-qt-lib/qfont.h");
        type QFont = cxx_qt_lib::QFont;
        include!("cxx-qt-lib/qrect.h");
        type QRect = cxx_qt_lib::QRect;
        include!("cxx-qt-lib/qpainter.h");
        type QPainter = cxx_qt_lib::QPainter;
        include!("cxx-qt-lib/qlist.h");
        type QList_i32 = cxx_qt_lib::QList<i32>;
    }

    #[namespace = "ostler"]
    unsafe extern "C++" {
        include!("ostler-tray/logs.h");

        fn log_text_lines(text: &QString, font: &QFont, width: f64) -> i32;

        fn draw_log_text(
            painter: Pin<&mut QPainter>,
            text: &QString,
            font: &QFont,
            parts: &QList_i32,
            inks: &QStringList,
            color: &QColor,
            width: f64,
            line_height: f64,
            wraps: bool,
        );
    }

    unsafe extern "C++Qt" {
        include!("ostler-tray/logs.h");
        #[qobject]
        type LogTextBase;
    }

    #[auto_cxx_name]
    unsafe extern "RustQt" {
        #[qobject]
        #[base = LogTextBase]
        #[qml_element]
        #[qproperty(QString, text)]
        #[qproperty(QList_i32, parts)]
        #[qproperty(QStringList, inks)]
        #[qproperty(QColor, color)]
        #[qproperty(QFont, font)]
        #[qproperty(bool, is_wrapped)]
        #[qproperty(f64, wrap_width)]
        #[qproperty(f64, line_height)]
        #[qproperty(i32, line_count, READ, NOTIFY)]
        type LogText = super::LogTextRust;

        #[cxx_override]
        unsafe fn paint(self: Pin<&mut LogText>, painter: *mut QPainter);

        #[inherit]
        fn update(self: Pin<&mut LogText>, rect: &QRect);
    }

    impl cxx_qt::Initialize for LogText {}
}

/// What [`ffi::LogText`] holds.
#[derive(Default)]
pub struct LogTextRust {
    text: QString,
    parts: QList<i32>,
    inks: QStringList,
    color: QColor,
    font: QFont,
    is_wrapped: bool,
    wrap_width: f64,
    line_height: f64,
    line_count: i32,
}

impl cxx_qt::Initialize for ffi::LogText {
    fn initialize(mut self: Pin<&mut Self>) {
        self.as_mut().on_text_changed(Self::lay_out).release();
        self.as_mut().on_font_changed(Self::lay_out).release();
        self.as_mut().on_is_wrapped_changed(Self::lay_out).release();
        self.as_mut().on_wrap_width_changed(Self::lay_out).release();
        self.as_mut().on_line_height_changed(Self::draw_again).release();
        self.as_mut().on_parts_changed(Self::draw_again).release();
        self.as_mut().on_inks_changed(Self::draw_again).release();
        self.as_mut().on_color_changed(Self::draw_again).release();
    }
}

impl ffi::LogText {
    fn lay_out(mut self: Pin<&mut Self>) {
        let lines =
            if self.is_wrapped { ffi::log_text_lines(&self.text, &self.font, self.wrap_width) } else { 1 };
        put!(self.line_count = lines, line_count_changed);
        self.draw_again();
    }

    fn draw_again(self: Pin<&mut Self>) {
        self.update(&QRect::default());
    }

    unsafe fn paint(self: Pin<&mut Self>, painter: *mut QPainter) {
        // SAFETY: Qt gives a painter that lives as long as this call, or none.
        let painter = unsafe { painter.as_mut().map(|painter| Pin::new_unchecked(painter)) };
        let Some(painter) = painter else { return };
        let it = self.rust();
        ffi::draw_log_text(
            painter,
            &it.text,
            &it.font,
            &it.parts,
            &it.inks,
            &it.color,
            it.wrap_width,
            it.line_height,
            it.is_wrapped,
        );
    }
}
