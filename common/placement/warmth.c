/* SPDX-License-Identifier: Apache-2.0
 *
 * Images are in a table of sets of four: an image that comes new takes the place of the one of its
 * set that was used longest ago.
 */
#include "placement/warmth.h"

#include <string.h>

#define SETS 1024
#define WAYS 4

struct image_entry {
    uint64_t image; /* 0: free */
    struct id places[WARMTH_IMAGE_PLACES];
};

struct warmth {
    struct image_entry sets[SETS][WAYS]; /* each with the last used first */
    struct warm_pin *pins;               /* owned */
    size_t pins_n;
};

struct warmth *warmth_new(void)
{
    return calloc(1, sizeof(struct warmth));
}

void warmth_free(struct warmth *warmth)
{
    if (warmth == NULL)
        return;
    free(warmth->pins);
    free(warmth);
}

int warmth_set_pins(struct warmth *warmth, const struct warm_pin *pins, size_t n, struct err *e)
{
    if (n > WARMTH_PINS_MAX)
        n = WARMTH_PINS_MAX;
    struct warm_pin *copy = NULL;
    if (n > 0) {
        copy = reallocarray(NULL, n, sizeof(*copy));
        if (copy == NULL)
            return err_set(e, ERR_INTERNAL, "remember warm pins: out of memory");
        memcpy(copy, pins, n * sizeof(*copy));
    }
    free(warmth->pins);
    warmth->pins = copy;
    warmth->pins_n = n;
    return 0;
}

const struct warm_pin *warmth_pins(const struct warmth *warmth, struct id runner, size_t *ret_n)
{
    size_t low = 0;
    size_t high = warmth->pins_n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (memcmp(warmth->pins[middle].runner.bytes, runner.bytes, sizeof(runner.bytes)) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    size_t n = 0;
    while (low + n < warmth->pins_n && id_equal(warmth->pins[low + n].runner, runner))
        n++;
    *ret_n = n;
    return n == 0 ? NULL : &warmth->pins[low];
}

/* Entry `i` of a set, or place `i` of an image, becomes the first. */
static void to_front(void *first, size_t i, size_t size)
{
    unsigned char moved[sizeof(struct image_entry)];
    memcpy(moved, (char *)first + i * size, size);
    memmove((char *)first + size, first, i * size);
    memcpy(first, moved, size);
}

void warmth_note_image(struct warmth *warmth, uint64_t image, struct id hypervisor)
{
    if (image == 0)
        return;
    struct image_entry *set = warmth->sets[image % SETS];
    size_t way = 0;
    while (way < WAYS - 1 && set[way].image != image && set[way].image != 0)
        way++;
    if (set[way].image != image)
        set[way] = (struct image_entry){.image = image};
    to_front(set, way, sizeof(*set));

    struct id *places = set[0].places;
    size_t place = 0;
    while (place < WARMTH_IMAGE_PLACES - 1 && !id_equal(places[place], hypervisor))
        place++;
    places[place] = hypervisor;
    to_front(places, place, sizeof(*places));
}

const struct id *warmth_image_places(const struct warmth *warmth, uint64_t image)
{
    const struct image_entry *set = warmth->sets[image % SETS];
    for (size_t way = 0; image != 0 && way < WAYS; way++)
        if (set[way].image == image)
            return set[way].places;
    return NULL;
}
