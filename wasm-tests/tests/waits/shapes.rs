//! What is sent.

use wasm_tests::client::{Length, Wire};

pub(crate) const MIB: u64 = 1 << 20;
/// Envoy's buffer limit in the probe's bootstrap is 1 MiB.
pub(crate) const UPLOAD: usize = 5 * (MIB as usize);
pub(crate) const TRAILERS: [(&str, &str); 2] = [("x-sum", "1"), ("x-end", "reached")];

/// A request, as it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Get,
    Post,
    PostOfNothing,
    Chunked,
    ChunkedWithTrailers,
    TrailersOnly,
    /// Of known length; each part is read by Envoy before the next one is sent, and one while the request waits.
    Dribbled,
    DribbledWithTrailers,
    Upload,
    ChunkedUpload,
}

pub(crate) const SHAPES: [Shape; 10] = [
    Shape::Get,
    Shape::Post,
    Shape::PostOfNothing,
    Shape::Chunked,
    Shape::ChunkedWithTrailers,
    Shape::TrailersOnly,
    Shape::Dribbled,
    Shape::DribbledWithTrailers,
    Shape::Upload,
    Shape::ChunkedUpload,
];

impl Shape {
    pub(crate) fn parts(self) -> Vec<Vec<u8>> {
        let part = |seed: usize, bytes: usize| (0..bytes).map(|i| ((i * 7 + seed) % 251) as u8).collect();
        match self {
            Self::Get | Self::PostOfNothing | Self::TrailersOnly => Vec::new(),
            Self::Post => vec![part(1, 100)],
            Self::Chunked | Self::ChunkedWithTrailers => vec![part(1, 40), part(2, 60)],
            Self::Dribbled | Self::DribbledWithTrailers => vec![part(1, 30), part(2, 50), part(3, 70)],
            Self::Upload | Self::ChunkedUpload => (0..UPLOAD / 65_536).map(|i| part(i, 65_536)).collect(),
        }
    }

    pub(crate) fn body(self) -> Vec<u8> {
        self.parts().concat()
    }

    pub(crate) fn length(self) -> Length {
        match self {
            Self::Get => Length::NoBody,
            Self::Post | Self::PostOfNothing | Self::Dribbled | Self::Upload => {
                Length::Known(self.body().len())
            }
            Self::Chunked
            | Self::ChunkedWithTrailers
            | Self::TrailersOnly
            | Self::DribbledWithTrailers
            | Self::ChunkedUpload => Length::Unknown,
        }
    }

    pub(crate) fn method(self) -> &'static str {
        if self == Self::Get { "GET" } else { "POST" }
    }

    pub(crate) fn trailers(self) -> &'static [(&'static str, &'static str)] {
        let has = matches!(self, Self::ChunkedWithTrailers | Self::TrailersOnly | Self::DribbledWithTrailers);
        if has { &TRAILERS } else { &[] }
    }

    pub(crate) fn is_dribbled(self) -> bool {
        matches!(self, Self::Dribbled | Self::DribbledWithTrailers)
    }

    pub(crate) fn is_upload(self) -> bool {
        matches!(self, Self::Upload | Self::ChunkedUpload)
    }

    /// Whether the head alone says that there is no body. An end by an empty frame of HTTP/2 comes after the head.
    pub(crate) fn is_bodiless(self, wire: Wire) -> bool {
        self == Self::Get || (self == Self::PostOfNothing && wire == Wire::Http1)
    }
}

/// Those that are no uploads and need no waiting between their parts.
pub(crate) const SMALL: [Shape; 6] = [
    Shape::Get,
    Shape::Post,
    Shape::PostOfNothing,
    Shape::Chunked,
    Shape::ChunkedWithTrailers,
    Shape::TrailersOnly,
];
