import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.interfaces.ECPrivateKey;
import java.security.spec.ECPoint;
import java.security.spec.ECPublicKeySpec;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import javax.crypto.Cipher;
import javax.crypto.KeyAgreement;
import javax.crypto.SecretKey;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.OAEPParameterSpec;
import javax.crypto.spec.PSource;
import javax.crypto.spec.SecretKeySpec;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/** Opens an envelope with nothing but the JDK: java OpenEnvelope.java folder key.pem target (PKCS#8 key, RSA or EC). */
public class OpenEnvelope {
    static final String XENC = "http://www.w3.org/2001/04/xmlenc#";
    static final String XENC11 = "http://www.w3.org/2009/xmlenc11#";
    static final String DSIG11 = "http://www.w3.org/2009/xmldsig11#";

    public static void main(String[] arguments) throws Exception {
        Path folder = Path.of(arguments[0]);
        Path target = Path.of(arguments[2]);
        DocumentBuilderFactory builders = DocumentBuilderFactory.newInstance();
        builders.setNamespaceAware(true);
        builders.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
        Document envelope = builders.newDocumentBuilder().parse(folder.resolve("envelope.xml").toFile());
        SecretKey contentKey = contentKey(envelope, Files.readString(Path.of(arguments[1])));
        NodeList references = envelope.getElementsByTagNameNS(XENC, "CipherReference");
        for (int index = 0; index < references.getLength(); index++) {
            String name = ((Element) references.item(index)).getAttribute("URI");
            byte[] sealed = Files.readAllBytes(folder.resolve(name));
            Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
            cipher.init(Cipher.DECRYPT_MODE, contentKey, new GCMParameterSpec(128, sealed, 0, 12));
            byte[] plain = cipher.doFinal(sealed, 12, sealed.length - 12);
            Files.write(target.resolve(name.replace(".bin", ".plain")), plain);
        }
        System.out.println("opened " + references.getLength());
    }

    static SecretKey contentKey(Document envelope, String pem) throws Exception {
        byte[] der = Base64.getMimeDecoder().decode(pem.replaceAll("-----[A-Z ]+-----", ""));
        byte[] wrapped = base64(envelope, XENC, "CipherValue");
        if (envelope.getElementsByTagNameNS(XENC, "AgreementMethod").getLength() == 0) {
            PrivateKey key = KeyFactory.getInstance("RSA").generatePrivate(new PKCS8EncodedKeySpec(der));
            Cipher cipher = Cipher.getInstance("RSA/ECB/OAEPPadding");
            cipher.init(Cipher.DECRYPT_MODE, key, new OAEPParameterSpec(
                "SHA-256", "MGF1", MGF1ParameterSpec.SHA256, PSource.PSpecified.DEFAULT));
            return new SecretKeySpec(cipher.doFinal(wrapped), "AES");
        }
        ECPrivateKey key = (ECPrivateKey) KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(der));
        KeyAgreement agreement = KeyAgreement.getInstance("ECDH");
        agreement.init(key);
        agreement.doPhase(ephemeral(base64(envelope, DSIG11, "PublicKey"), key), true);
        byte[] keyEncryptionKey = concatKdf(agreement.generateSecret(), otherInfo(envelope));
        Cipher unwrap = Cipher.getInstance("AESWrap");
        unwrap.init(Cipher.UNWRAP_MODE, new SecretKeySpec(keyEncryptionKey, "AES"));
        return (SecretKey) unwrap.unwrap(wrapped, "AES", Cipher.SECRET_KEY);
    }

    static PublicKey ephemeral(byte[] point, ECPrivateKey key) throws Exception {
        int half = (point.length - 1) / 2;
        BigInteger x = new BigInteger(1, Arrays.copyOfRange(point, 1, 1 + half));
        BigInteger y = new BigInteger(1, Arrays.copyOfRange(point, 1 + half, point.length));
        return KeyFactory.getInstance("EC").generatePublic(new ECPublicKeySpec(new ECPoint(x, y), key.getParams()));
    }

    static byte[] otherInfo(Document envelope) throws Exception {
        Element parameters = (Element) envelope.getElementsByTagNameNS(XENC11, "ConcatKDFParams").item(0);
        ByteArrayOutputStream info = new ByteArrayOutputStream();
        for (String name : new String[] {"AlgorithmID", "PartyUInfo", "PartyVInfo"}) {
            byte[] value = HexFormat.of().parseHex(parameters.getAttribute(name));
            info.write(value, 1, value.length - 1);
        }
        return info.toByteArray();
    }

    static byte[] concatKdf(byte[] secret, byte[] info) throws Exception {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        digest.update(ByteBuffer.allocate(4).putInt(1).array());
        digest.update(secret);
        return digest.digest(info);
    }

    static byte[] base64(Document document, String namespace, String name) {
        String text = document.getElementsByTagNameNS(namespace, name).item(0).getTextContent();
        return Base64.getDecoder().decode(text.trim().getBytes(StandardCharsets.US_ASCII));
    }
}
