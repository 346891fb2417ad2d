"""证书 (certificates): whose are trusted where we speak HTTPS, and what is wrong with one that is not."""

import ssl

from jiceng_pipeline.core.errors import SourceUnreachable


def trusted(authority: str | None, where: str) -> ssl.SSLContext | bool:
    """Return what httpx takes as `verify`: the authority whose PEM file that is alone, None: those everybody trusts.

    A government network has an authority of its own, and no list has it. Raise SourceUnreachable, naming `where`,
    for a file that cannot be read or holds no certificate.
    """
    if not authority:
        return True
    try:
        return ssl.create_default_context(cafile=authority)
    except OSError as error:  # ssl.SSLError is one
        what = "没有证书" if isinstance(error, ssl.SSLError) else f"读不出来（{type(error).__name__}）"
        raise SourceUnreachable(
            f"ca 指的文件{what}", where=where, cure="写上签发单位根证书的 PEM 文件（-----BEGIN CERTIFICATE----- 开头）"
        ) from None


def fault(error: BaseException | None) -> str:
    """Return what is wrong with the other side's certificate, empty where it is something else."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return error.verify_message
        error = error.__cause__ or error.__context__
    return ""
