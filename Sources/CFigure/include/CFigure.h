#ifndef GRAFT_CFIGURE_H
#define GRAFT_CFIGURE_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum { GRAFT_FIGURE_PDF, GRAFT_FIGURE_PNG } graft_figure_format;

/// A picture to draw.
typedef struct {
  const char *svg;
  size_t svg_count;
  /// In points, 1/72 inch.
  double width;
  double height;
  /// Of a PNG.
  double pixels_per_point;
  /// The font families that it names, which must be installed.
  const char *const *families;
  size_t family_count;
  /// Characters that it shows, in UTF-8, ended by a NUL.
  const char *characters;
} graft_figure_picture;

typedef enum {
  GRAFT_FIGURE_DRAWN,
  /// librsvg, or a function of it, cairo or pango, was not found; `message` says which.
  GRAFT_FIGURE_NO_LIBRARY,
  /// `message` is the family that is not installed.
  GRAFT_FIGURE_NO_FONT,
  /// `message` says what the library found wrong.
  GRAFT_FIGURE_FAILED,
} graft_figure_status;

typedef struct {
  /// How many of the characters no installed font has: they are drawn as boxes.
  int unknown_characters;
  char message[256];
} graft_figure_report;

/// Gets the bytes of the file in order.
typedef void (*graft_figure_write)(void *context, const unsigned char *bytes, unsigned int count);

/// Draws an SVG as PDF, with its fonts embedded, or as PNG. The libraries are loaded with the first picture. One picture is
/// drawn at a time.
graft_figure_status graft_figure_draw(const graft_figure_picture *picture, graft_figure_format format,
                                      graft_figure_write write, void *context, graft_figure_report *report);

#ifdef __cplusplus
}
#endif
#endif
