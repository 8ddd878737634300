//! Fractions as the machine has them: `%b` and `%x`.

/// Bits of a mantissa behind its point.
const FRACTION: u32 = 52;
/// What an exponent is stored with.
const BIAS: i32 = 1023;
/// Where the digit before the point stands while hexadecimal digits are made.
const LEADING: u64 = 1 << 60;

/// `4503599627370496p-52`: a whole number and a power of two.
pub(super) fn binary(number: f64) -> String {
    let (mantissa, exponent) = parts(number);
    let exponent = exponent - FRACTION.cast_signed();
    format!("{mantissa}p{exponent:+}")
}

/// `0x1.8p+00`: all digits, or so many behind the point.
pub(super) fn hexadecimal(number: f64, verb: char, precision: Option<usize>) -> String {
    let (mantissa, mut exponent) = parts(number);
    let mut mantissa = mantissa << (60 - FRACTION);
    if mantissa == 0 {
        exponent = 0;
    } else {
        let shift = (LEADING.trailing_zeros() + 1) - (u64::BITS - mantissa.leading_zeros());
        mantissa <<= shift;
        exponent -= shift.cast_signed();
    }
    if let Some(digits) = precision.filter(|digits| *digits < 15) {
        mantissa = rounded(mantissa, digits);
        if mantissa >= 2 * LEADING {
            mantissa >>= 1;
            exponent += 1;
        }
    }
    let first = mantissa >> 60;
    let rest = format!("{:015x}", mantissa % LEADING);
    let rest = match precision {
        None => rest.trim_end_matches('0').to_owned(),
        Some(digits) => rest
            .chars()
            .chain(std::iter::repeat('0'))
            .take(digits)
            .collect(),
    };
    let point = if rest.is_empty() { "" } else { "." };
    let sign = if exponent < 0 { '-' } else { '+' };
    let text = format!("0x{first}{point}{rest}p{sign}{:02}", exponent.abs());
    if verb == 'X' {
        text.to_uppercase()
    } else {
        text
    }
}

/// Half of the last digit goes to the even one.
fn rounded(mantissa: u64, digits: usize) -> u64 {
    let shift = 60 - 4 * digits;
    let kept = mantissa >> shift;
    let extra = (mantissa << (60 - shift)) % LEADING;
    let up = extra | (kept & 1) > LEADING / 2;
    (kept + u64::from(up)) << shift
}

/// Mantissa, with the bit that isn't stored, and exponent.
fn parts(number: f64) -> (u64, i32) {
    let bits = number.to_bits();
    let fraction = bits & ((1 << FRACTION) - 1);
    let stored = i32::try_from((bits >> FRACTION) & 0x7ff).unwrap_or(0);
    match stored {
        0 => (fraction, 1 - BIAS),
        _ => (fraction | 1 << FRACTION, stored - BIAS),
    }
}
