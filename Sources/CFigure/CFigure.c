#include "CFigure.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

// The few functions of librsvg, cairo, pango and GLib that are called, as their headers declare them. All are part of their
// stable interfaces, and librsvg loads the other three.

typedef struct { double x, y, width, height; } rsvg_rectangle;
typedef struct { unsigned domain; int code; char *message; } g_error;
typedef int (*cairo_write)(void *closure, const unsigned char *data, unsigned int length);

static struct {
  void *(*rsvg_handle_new_from_data)(const unsigned char *, size_t, g_error **);
  int (*rsvg_handle_render_document)(void *, void *, const rsvg_rectangle *, g_error **);
  void *(*cairo_pdf_surface_create_for_stream)(cairo_write, void *, double, double);
  void (*cairo_pdf_surface_set_metadata)(void *, int, const char *);
  void *(*cairo_image_surface_create)(int, int, int);
  int (*cairo_surface_write_to_png_stream)(void *, cairo_write, void *);
  void *(*cairo_create)(void *);
  void (*cairo_scale)(void *, double, double);
  void (*cairo_destroy)(void *);
  void (*cairo_surface_finish)(void *);
  int (*cairo_surface_status)(void *);
  void (*cairo_surface_destroy)(void *);
  const char *(*cairo_status_to_string)(int);
  void *(*pango_cairo_font_map_get_default)(void);
  void (*pango_font_map_list_families)(void *, void ***, int *);
  const char *(*pango_font_family_get_name)(void *);
  void *(*pango_font_map_create_context)(void *);
  void *(*pango_layout_new)(void *);
  void (*pango_layout_set_text)(void *, const char *, int);
  int (*pango_layout_get_unknown_glyphs_count)(void *);
  void (*g_object_unref)(void *);
  void (*g_error_free)(g_error *);
  void (*g_free)(void *);
} library;

static bool find(void *handle, const char *name, void *function, graft_figure_report *report) {
  void *found = dlsym(handle, name);
  if (!found) {
    snprintf(report->message, sizeof report->message, "librsvg: %s is missing", name);
    return false;
  }
  memcpy(function, &found, sizeof found);
  return true;
}

#ifdef __APPLE__
static const char *const names[] = {"librsvg-2.2.dylib", "/opt/homebrew/lib/librsvg-2.2.dylib"};
#else
static const char *const names[] = {"librsvg-2.so.2"};
#endif

static bool load(graft_figure_report *report) {
  static bool is_loaded = false;
  if (is_loaded) return true;
  void *handle = NULL;
  for (size_t index = 0; !handle && index < sizeof names / sizeof *names; index++) {
    handle = dlopen(names[index], RTLD_NOW | RTLD_LOCAL);
  }
  if (!handle) {
    const char *why = dlerror();
    snprintf(report->message, sizeof report->message, "%s", why ? why : "librsvg was not found");
    return false;
  }
#define FIND(name) find(handle, #name, &library.name, report)
  is_loaded = FIND(rsvg_handle_new_from_data) && FIND(rsvg_handle_render_document) &&
              FIND(cairo_pdf_surface_create_for_stream) && FIND(cairo_pdf_surface_set_metadata) &&
              FIND(cairo_image_surface_create) && FIND(cairo_surface_write_to_png_stream) && FIND(cairo_create) &&
              FIND(cairo_scale) && FIND(cairo_destroy) && FIND(cairo_surface_finish) && FIND(cairo_surface_status) &&
              FIND(cairo_surface_destroy) && FIND(cairo_status_to_string) && FIND(pango_cairo_font_map_get_default) &&
              FIND(pango_font_map_list_families) && FIND(pango_font_family_get_name) &&
              FIND(pango_font_map_create_context) && FIND(pango_layout_new) && FIND(pango_layout_set_text) &&
              FIND(pango_layout_get_unknown_glyphs_count) && FIND(g_object_unref) && FIND(g_error_free) && FIND(g_free);
#undef FIND
  return is_loaded;
}

/// The first of the picture's families that is not installed; NULL where all are.
static const char *missing_family(const graft_figure_picture *picture) {
  void **families = NULL;
  int count = 0;
  const char *missing = NULL;
  library.pango_font_map_list_families(library.pango_cairo_font_map_get_default(), &families, &count);
  for (size_t index = 0; !missing && index < picture->family_count; index++) {
    bool is_there = false;
    for (int place = 0; !is_there && place < count; place++) {
      is_there = strcmp(library.pango_font_family_get_name(families[place]), picture->families[index]) == 0;
    }
    if (!is_there) missing = picture->families[index];
  }
  library.g_free(families);
  return missing;
}

static int unknown_characters(const char *characters) {
  void *context = library.pango_font_map_create_context(library.pango_cairo_font_map_get_default());
  void *layout = library.pango_layout_new(context);
  library.pango_layout_set_text(layout, characters, -1);
  int count = library.pango_layout_get_unknown_glyphs_count(layout);
  library.g_object_unref(layout);
  library.g_object_unref(context);
  return count;
}

typedef struct {
  graft_figure_write write;
  void *context;
} receiver;

static int pass(void *closure, const unsigned char *data, unsigned int length) {
  receiver *to = closure;
  to->write(to->context, data, length);
  return 0;  // CAIRO_STATUS_SUCCESS
}

static graft_figure_status failed(graft_figure_report *report, const char *message) {
  snprintf(report->message, sizeof report->message, "%s", message ? message : "no reason given");
  return GRAFT_FIGURE_FAILED;
}

static graft_figure_status render(void *handle, void *surface, const graft_figure_picture *picture,
                                  double scale, graft_figure_report *report) {
  void *cairo = library.cairo_create(surface);
  library.cairo_scale(cairo, scale, scale);
  rsvg_rectangle viewport = {0, 0, picture->width, picture->height};
  g_error *error = NULL;
  graft_figure_status status = GRAFT_FIGURE_DRAWN;
  if (!library.rsvg_handle_render_document(handle, cairo, &viewport, &error)) {
    status = failed(report, error ? error->message : NULL);
    if (error) library.g_error_free(error);
  }
  library.cairo_destroy(cairo);
  return status;
}

graft_figure_status graft_figure_draw(const graft_figure_picture *picture, graft_figure_format format,
                                      graft_figure_write write, void *context, graft_figure_report *report) {
  memset(report, 0, sizeof *report);
  if (!load(report)) return GRAFT_FIGURE_NO_LIBRARY;
  const char *missing = missing_family(picture);
  if (missing) {
    snprintf(report->message, sizeof report->message, "%s", missing);
    return GRAFT_FIGURE_NO_FONT;
  }
  report->unknown_characters = unknown_characters(picture->characters);
  g_error *error = NULL;
  void *handle = library.rsvg_handle_new_from_data((const unsigned char *)picture->svg, picture->svg_count, &error);
  if (!handle) {
    graft_figure_status status = failed(report, error ? error->message : NULL);
    if (error) library.g_error_free(error);
    return status;
  }
  receiver to = {write, context};
  bool is_pdf = format == GRAFT_FIGURE_PDF;
  double scale = is_pdf ? 1 : picture->pixels_per_point;
  void *surface =
      is_pdf ? library.cairo_pdf_surface_create_for_stream(pass, &to, picture->width, picture->height)
             : library.cairo_image_surface_create(0, (int)(picture->width * scale + 0.5), (int)(picture->height * scale + 0.5));
  // The time of the drawing would be the only thing that differs from run to run.
  if (is_pdf) library.cairo_pdf_surface_set_metadata(surface, 5, "");
  graft_figure_status status = render(handle, surface, picture, scale, report);
  int state = status == GRAFT_FIGURE_DRAWN && !is_pdf ? library.cairo_surface_write_to_png_stream(surface, pass, &to) : 0;
  library.cairo_surface_finish(surface);
  if (state == 0 && is_pdf) state = library.cairo_surface_status(surface);
  if (status == GRAFT_FIGURE_DRAWN && state != 0) status = failed(report, library.cairo_status_to_string(state));
  library.cairo_surface_destroy(surface);
  library.g_object_unref(handle);
  return status;
}
