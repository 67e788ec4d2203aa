/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "http/blob.h"

#include "support/test.h"

static struct blob *blob_of(size_t n)
{
    struct buf b;
    buf_init(&b, n);
    char *at = buf_reserve(&b, n);
    assert_non_null(at);
    memset(at, 'x', n);
    buf_advance(&b, n);
    return blob_take(&b);
}

static void test_blob__is_held_until_the_last_reference_goes(void **state)
{
    (void)state;
    assert_int_equal(blob_bytes_held(), 0);
    struct blob *one = blob_of(1000);
    size_t of_one = blob_bytes_held();
    assert_true(of_one >= 1000);
    struct blob *two = blob_of(5000);
    assert_true(blob_bytes_held() >= of_one + 5000);
    (void)blob_ref(one);
    blob_unref(one);
    assert_true(blob_bytes_held() >= of_one + 5000);
    blob_unref(two);
    assert_int_equal(blob_bytes_held(), of_one);
    blob_unref(one);
    assert_int_equal(blob_bytes_held(), 0);
    blob_unref(NULL);
}

TEST_MAIN(cmocka_unit_test(test_blob__is_held_until_the_last_reference_goes))
