//! A small curve: a line over a faint area, without axis or dots.

use std::pin::Pin;

use cxx_qt::CxxQtType;
use cxx_qt_lib::{QColor, QList, QPainter, QPainterRenderHint, QRect, QRectF};
use ostler_view::spark;

/// How thick the line is.
const LINE: f64 = 1.25;
/// How much of the colour the area has.
const AREA: f32 = 0.13;

#[cxx_qt::bridge]
pub(crate) mod ffi {
    unsafe extern "C++" {
        include!("cxx-qt-lib/qcolor.h");
        type QColor = cxx_qt_lib::QColor;
        include!("cxx-qt-lib/qlist.h");
        type QList_f64 = cxx_qt_lib::QList<f64>;
        include!("cxx-qt-lib/qpainter.h");
        type QPainter = cxx_qt_lib::QPainter;
        include!("cxx-qt-lib/qrect.h");
        type QRect = cxx_qt_lib::QRect;
        include!("cxx-qt-lib/qsizef.h");
        type QSizeF = cxx_qt_lib::QSizeF;
    }

    unsafe extern "C++Qt" {
        include!("ostler-tray/bases.h");
        #[qobject]
        type SparklineBase;
    }

    #[auto_cxx_name]
    unsafe extern "RustQt" {
        #[qobject]
        #[base = SparklineBase]
        #[qml_element]
        #[qproperty(QList_f64, values)]
        #[qproperty(QColor, color)]
        #[qproperty(f64, floor)]
        #[qproperty(f64, headroom)]
        type Sparkline = super::SparklineRust;

        #[cxx_override]
        unsafe fn paint(self: Pin<&mut Sparkline>, painter: *mut QPainter);

        #[inherit]
        fn size(self: &Sparkline) -> QSizeF;

        #[inherit]
        fn update(self: Pin<&mut Sparkline>, area: &QRect);
    }

    impl cxx_qt::Initialize for Sparkline {}
}

/// What [`ffi::Sparkline`] holds.
pub struct SparklineRust {
    values: QList<f64>,
    color: QColor,
    floor: f64,
    headroom: f64,
}

impl Default for SparklineRust {
    fn default() -> Self {
        Self { values: QList::default(), color: QColor::default(), floor: 0.0, headroom: 1.0 }
    }
}

impl cxx_qt::Initialize for ffi::Sparkline {
    fn initialize(mut self: Pin<&mut Self>) {
        self.as_mut().on_values_changed(Self::paint_again).release();
        self.as_mut().on_color_changed(Self::paint_again).release();
        self.as_mut().on_floor_changed(Self::paint_again).release();
        self.as_mut().on_headroom_changed(Self::paint_again).release();
    }
}

impl ffi::Sparkline {
    fn paint_again(self: Pin<&mut Self>) {
        self.update(&QRect::default());
    }

    /// # Safety
    /// Qt gives a painter that lives through the call.
    unsafe fn paint(self: Pin<&mut Self>, painter: *mut QPainter) {
        // SAFETY: Qt paints one item at a time and gives a painter that lives through the call.
        let Some(painter) = (unsafe { painter.as_mut() }) else { return };
        // SAFETY: the painter is not moved; Qt owns it.
        let mut painter = unsafe { Pin::new_unchecked(painter) };
        let (size, this) = (self.size(), self.rust());
        let values: Vec<f64> = this.values.iter().copied().collect();
        let mut area = this.color.clone();
        area.set_alpha_f(AREA);
        painter.as_mut().set_render_hint(QPainterRenderHint::Antialiasing, true);
        let height = size.height() - LINE;
        let columns = spark(&values, (size.width().max(0.0) as usize, height), this.floor, this.headroom);
        for (x, column) in columns.into_iter().enumerate() {
            let Some(column) = column else { continue };
            let (x, top) = (x as f64, column.top);
            let line = column.bottom - top + LINE;
            painter.as_mut().fill_rect(&QRectF::new(x, top, 1.0, line), &this.color);
            painter.as_mut().fill_rect(&QRectF::new(x, top + line, 1.0, size.height()), &area);
        }
    }
}
